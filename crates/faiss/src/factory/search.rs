//! Search parameters of a factory index, and what of them an index takes.

use annbench_index::ParamError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{index::Handle, parameter::in_force};

/// Search parameters of `factory`. One left out keeps FAISS's own default; one that the index has
/// no use for is an error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorySearch {
    /// IVF: lists looked into per query: raising it buys recall and costs time in proportion.
    #[serde(default)]
    #[schemars(range(min = 1, max = 16_777_216))]
    pub nprobe: Option<usize>,
    /// HNSW, or IVF whose lists are found by HNSW: candidates kept during a search: raising it
    /// buys recall and costs time.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub ef_search: Option<usize>,
    /// RFlat, Refine: candidates re-scored for each of the k: raising it buys recall and costs a
    /// fetch of each vector.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub k_factor_rf: Option<usize>,
    /// PQ, IVF-PQ: bits in which a polysemous code may differ: raising it buys recall and costs
    /// time; the code's bits or more turn the filter off.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub ht: Option<usize>,
    /// IVF: vectors looked at per query at most, 0 for all in the probed lists: raising it buys
    /// recall and costs time.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub max_codes: Option<usize>,
    /// IVF whose lists are found by an index of their own: that one's nprobe.
    #[serde(default)]
    #[schemars(range(min = 1, max = 16_777_216))]
    pub quantizer_nprobe: Option<usize>,
    /// IVF whose lists are found by an index of their own: that one's ef_search.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub quantizer_ef_search: Option<usize>,
    /// IVF whose lists are found by an index of their own: that one's k_factor_rf.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub quantizer_k_factor_rf: Option<usize>,
}

/// A parameter, FAISS's name for it, and FAISS's default: a file keeps the value of the last
/// search, which must not leak into one that leaves it out.
struct Slot<'a> {
    key: &'static str,
    faiss_name: &'static str,
    default: usize,
    value: &'a mut Option<usize>,
}

impl Slot<'_> {
    fn refused(&self, problem: &str, remedy: String) -> ParamError {
        ParamError::Refused {
            key: self.key.to_owned(),
            value: (*self.value).into(),
            problem: problem.to_owned(),
            remedy,
        }
    }
}

/// What annbench calls a search parameter and what FAISS calls it, for all of [`FactorySearch`]:
/// those of every other kind are among them.
pub fn search_parameter_names() -> Vec<(&'static str, &'static str)> {
    let mut params = FactorySearch::default();
    let names = params.slots().map(|slot| (slot.key, slot.faiss_name));
    names.to_vec()
}

/// Polysemous filtering is off at as many bits as the code has, however long it is.
const HT_OFF: usize = 1_000_000;

impl FactorySearch {
    fn slots(&mut self) -> [Slot<'_>; 8] {
        let slot = |key, faiss_name, default, value| Slot {
            key,
            faiss_name,
            default,
            value,
        };
        [
            slot("nprobe", "nprobe", 1, &mut self.nprobe),
            slot("ef_search", "efSearch", 16, &mut self.ef_search),
            slot("k_factor_rf", "k_factor_rf", 1, &mut self.k_factor_rf),
            slot("ht", "ht", HT_OFF, &mut self.ht),
            slot("max_codes", "max_codes", 0, &mut self.max_codes),
            slot(
                "quantizer_nprobe",
                "quantizer_nprobe",
                1,
                &mut self.quantizer_nprobe,
            ),
            slot(
                "quantizer_ef_search",
                "quantizer_efSearch",
                16,
                &mut self.quantizer_ef_search,
            ),
            slot(
                "quantizer_k_factor_rf",
                "quantizer_k_factor_rf",
                1,
                &mut self.quantizer_k_factor_rf,
            ),
        ]
    }

    /// Sets everything on the index, defaults first, and returns what is in force.
    pub(super) fn set_on(&self, index: &mut Handle, k: usize) -> Result<Self, ParamError> {
        let mut params = self.clone();
        set_defaults(&mut params, index)?;
        for slot in params.slots() {
            set_given(&slot, index)?;
        }
        for slot in params.slots() {
            check_kept(&slot, index)?;
            *slot.value = in_force(index, slot.faiss_name);
        }
        params.clamp(index, k);
        Ok(params)
    }

    /// What FAISS clamps during a search: nprobe to nlist, the candidates of a graph to at least
    /// as many as are wanted of it.
    fn clamp(&mut self, index: &Handle, k: usize) {
        let nlist = in_force(index, "nlist");
        if let (Some(nprobe), Some(nlist)) = (&mut self.nprobe, nlist) {
            *nprobe = (*nprobe).min(nlist);
        }
        let wanted_of_graph = match self.nprobe {
            Some(nprobe) => nprobe,
            None => k.saturating_mul(self.k_factor_rf.unwrap_or(1)),
        };
        for ef_search in [&mut self.ef_search, &mut self.quantizer_ef_search] {
            *ef_search = ef_search.map(|ef_search| ef_search.max(wanted_of_graph));
        }
    }
}

fn set_defaults(params: &mut FactorySearch, index: &mut Handle) -> Result<(), ParamError> {
    for slot in params.slots() {
        if slot.value.is_none() && in_force(index, slot.faiss_name).is_some() {
            let set = index.0.set(slot.faiss_name, slot.default as f64);
            set.map_err(|reason| slot.refused(&reason, "give it a value".to_owned()))?;
        }
    }
    Ok(())
}

fn set_given(slot: &Slot<'_>, index: &mut Handle) -> Result<(), ParamError> {
    let Some(value) = *slot.value else {
        return Ok(());
    };
    if in_force(index, slot.faiss_name).is_none() {
        return Err(slot.refused("is of no use to this index", remedy(index)));
    }
    index
        .0
        .set(slot.faiss_name, value as f64)
        .map_err(|reason| slot.refused(&format!("is refused by FAISS: {reason}"), remedy(index)))
}

/// `ef_search` and `quantizer_ef_search` can mean one and the same value, and two cannot be in
/// force at once.
fn check_kept(slot: &Slot<'_>, index: &Handle) -> Result<(), ParamError> {
    match (*slot.value, in_force(index, slot.faiss_name)) {
        // From 0 and from as many bits as the code has, FAISS turns the filter off.
        _ if slot.faiss_name == "ht" => Ok(()),
        (Some(given), Some(kept)) if given != kept => Err(slot.refused(
            &format!("is overridden to {kept} by another search parameter"),
            "leave out one of the two".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn remedy(index: &Handle) -> String {
    let taken: Vec<&str> = FactorySearch::default()
        .slots()
        .iter()
        .filter(|slot| in_force(index, slot.faiss_name).is_some())
        .map(|slot| slot.key)
        .collect();
    match taken.is_empty() {
        true => "leave it out: this index has no search parameters".to_owned(),
        false => format!("leave it out; this index takes {}", taken.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::Native;
    use annbench_vectors::Metric;

    fn index(factory: &str) -> Handle {
        Handle(Native::create(32, factory, Metric::L2).unwrap())
    }

    fn check_error(factory: &str, search: FactorySearch, expected: &str) {
        let error = search.set_on(&mut index(factory), 10).unwrap_err();
        assert_eq!(error.to_string(), expected, "{factory}");
    }

    #[test]
    fn what_an_index_has_no_use_for_is_refused_with_what_it_takes() {
        let nprobe = || FactorySearch {
            nprobe: Some(4),
            ..FactorySearch::default()
        };
        check_error(
            "HNSW8",
            nprobe(),
            "nprobe = 4 is of no use to this index; leave it out; this index takes ef_search",
        );
        check_error(
            "SQ8",
            nprobe(),
            "nprobe = 4 is of no use to this index; leave it out: this index has no search parameters",
        );
    }

    #[test]
    fn two_parameters_for_one_value_are_refused() {
        let search = FactorySearch {
            ef_search: Some(20),
            quantizer_ef_search: Some(30),
            ..FactorySearch::default()
        };
        check_error(
            "IVF16_HNSW8,Flat",
            search,
            "ef_search = 20 is overridden to 30 by another search parameter; leave out one of the two",
        );
    }

    #[test]
    fn values_reach_through_refinement_and_transformation() {
        let search = FactorySearch {
            nprobe: Some(40),
            k_factor_rf: Some(4),
            ..FactorySearch::default()
        };
        let effective = search
            .set_on(&mut index("PCA16,IVF16,PQ8x4fs,RFlat"), 10)
            .unwrap();
        assert_eq!(effective.nprobe, Some(16), "clamped to nlist");
        assert_eq!(effective.k_factor_rf, Some(4));
        assert_eq!(
            effective.max_codes,
            Some(0),
            "FAISS's own default is reported"
        );
    }

    #[test]
    fn what_is_left_out_falls_back_to_the_default_not_to_the_last_value() {
        let mut index = index("IVF16_HNSW8,PQ8");
        let given = FactorySearch {
            nprobe: Some(8),
            ef_search: Some(99),
            ht: Some(30),
            ..FactorySearch::default()
        };
        let effective = given.set_on(&mut index, 10).unwrap();
        assert_eq!((effective.ef_search, effective.ht), (Some(99), Some(30)));
        let effective = FactorySearch::default().set_on(&mut index, 10).unwrap();
        assert_eq!(effective.nprobe, Some(1));
        assert_eq!(effective.ef_search, Some(16));
        assert_eq!(effective.ht, Some(64), "as many bits as the code has: off");
    }

    #[test]
    fn a_graph_keeps_as_many_candidates_as_are_wanted_of_it() {
        let search = FactorySearch {
            ef_search: Some(20),
            k_factor_rf: Some(5),
            ..FactorySearch::default()
        };
        let effective = search.set_on(&mut index("HNSW8,SQ8,RFlat"), 10).unwrap();
        assert_eq!(effective.ef_search, Some(50));
    }
}
