//! What the neighbours of a sample tell of the whole.

use annbench_exact::{ExactError, Options, Searcher};
use annbench_vectors::{Matrix, MatrixView, Metric};
use serde::Serialize;

use super::{
    ExamineOptions, Listener, Stage, Step,
    headroom::{Headroom, Ranked},
    hubness::{Hubness, hubness},
    intrinsic::{IntrinsicDimension, intrinsic_dimension, local_k},
    neighborhood::{Neighbor, Usable, as_indexed, distance, geometry, median, neighbors},
    shift::{Shift, shift},
    survey::Survey,
};

/// Neighbours looked for of each probe.
const CANDIDATES: usize = 100;
/// The k of hubness and of headroom.
const K: usize = 10;
/// Vectors compared with each other for each probe.
const CROWD_PER_PROBE: usize = 20;
/// Distance, as a share of that of two vectors taken at random, within which two are nearly equal.
pub(super) const NEARLY_EQUAL: f64 = 0.01;
/// Distance, as such a share, that may be the rounding of none.
const ROUNDING: f64 = 1e-6;

/// What the neighbours of a sample tell of the whole.
///
/// Distances are Euclidean; under cosine, of the normalised vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Study {
    /// Median distance of two base vectors taken at random.
    pub typical_distance: f64,
    /// Around a sample of base vectors.
    pub base: Surroundings,
    /// Around a sample of queries.
    pub queries: Option<Surroundings>,
    /// How queries differ from base vectors.
    pub shift: Option<Shift>,
    /// How unevenly a sample of the base are neighbours of each other.
    pub hubness: Option<Hubness>,
    /// What smaller components would cost the queries or, where there are none, base vectors as
    /// queries.
    pub headroom: Option<Headroom>,
}

/// What lies around some vectors in the base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Surroundings {
    /// Vectors whose neighbours were found.
    pub probes: usize,
    /// Median distance to the nearest base vector, itself not counting.
    pub nearest_distance: f64,
    /// Vectors whose nearest is within 1 % of the typical distance and does not equal them.
    pub nearly_equal: usize,
    /// One of them and its nearest: the row it has itself, and a row of the base.
    pub example: Option<(usize, usize)>,
    /// The typical distance over the median nearest: near 1, neighbours hardly stand out. `None`
    /// where the nearest are equal.
    ///
    /// # Source
    /// The relative contrast of J. He, S. Kumar and S.-F. Chang, *On the difficulty of nearest
    /// neighbor search*, ICML 2012, with medians for means.
    pub contrast: Option<f64>,
    /// How many directions the data leads to.
    pub intrinsic_dimension: Option<IntrinsicDimension>,
}

/// A sample of the base and the queries, as an index holds them.
struct Samples {
    /// Vectors of the base.
    crowd: Matrix,
    /// Rows of some of them.
    probes: Vec<usize>,
    query_rows: Vec<usize>,
    queries: Option<Matrix>,
    typical_distance: f64,
}

impl Samples {
    /// `None` of fewer than two base vectors.
    fn take(
        base: MatrixView<'_>,
        queries: Option<MatrixView<'_>>,
        metric: Metric,
        options: &ExamineOptions<'_>,
    ) -> Option<Self> {
        let n_probes = options.sample.max(1);
        let most = n_probes.saturating_mul(CROWD_PER_PROBE);
        let crowd = (options.choose)(base.n(), most);
        let step = crowd.len().div_ceil(n_probes).max(1);
        let probes = crowd.iter().copied().step_by(step).collect();
        let crowd = indexed(metric, base, &crowd)?;
        let pairs = crowd.as_slice().chunks_exact(2 * base.dim());
        let distances = pairs.map(|pair| {
            let (a, b) = pair.split_at(base.dim());
            Metric::L2.score(a, b).sqrt()
        });
        let query_rows =
            queries.map_or_else(Vec::new, |queries| (options.choose)(queries.n(), n_probes));
        Some(Self {
            typical_distance: median(distances)?,
            queries: queries.and_then(|queries| indexed(metric, queries, &query_rows)),
            crowd,
            probes,
            query_rows,
        })
    }
}

/// The named rows as an index under this metric holds them; `None` of no rows.
fn indexed(metric: Metric, vectors: MatrixView<'_>, rows: &[usize]) -> Option<Matrix> {
    let values: Vec<f32> = rows
        .iter()
        .flat_map(|&row| as_indexed(metric, vectors.row(row)).into_owned())
        .collect();
    let matrix = Matrix::from_vec(values, vectors.dim()).ok()?;
    (!rows.is_empty()).then_some(matrix)
}

/// Looks at the surroundings of a sample; `None` where fewer than two vectors can be searched.
pub(super) fn study(
    base: &Usable<'_>,
    queries: Option<&Usable<'_>>,
    metric: Metric,
    options: &ExamineOptions<'_>,
    listener: &mut Listener<'_>,
) -> Result<Option<Study>, ExactError> {
    let asked = queries.map(Usable::view);
    let Some(samples) = Samples::take(base.view(), asked, metric, options) else {
        return Ok(None);
    };
    let mut scene = Scene {
        base: base.view(),
        metric,
        samples: &samples,
        threads: options.threads,
        listener,
    };
    let by_distance = scene.lists(geometry(metric))?;
    let ranked = match geometry(metric) == metric {
        true => None,
        false => Some(scene.lists(metric)?),
    };
    let headroom = scene.headroom(ranked.as_ref().unwrap_or(&by_distance).to_rank());
    let hubness = scene.hubness()?;
    Ok(Some(scene.sum_up(
        &by_distance,
        (base, queries),
        hubness,
        headroom,
    )))
}

/// Neighbours of the probes and of the queries.
struct Lists {
    base: Vec<Vec<Neighbor>>,
    queries: Option<Vec<Vec<Neighbor>>>,
}

impl Lists {
    /// Those that stand for searches.
    fn to_rank(&self) -> &Vec<Vec<Neighbor>> {
        self.queries.as_ref().unwrap_or(&self.base)
    }
}

/// Vectors whose neighbours were found, their rows, and the matrix these are rows of.
type Probed<'a> = (MatrixView<'a>, &'a [usize], &'a Usable<'a>);

/// What a study has at hand.
struct Scene<'a, 'l> {
    base: MatrixView<'a>,
    metric: Metric,
    samples: &'a Samples,
    threads: usize,
    listener: &'a mut Listener<'l>,
}

impl Scene<'_, '_> {
    fn lists(&mut self, metric: Metric) -> Result<Lists, ExactError> {
        let samples = self.samples;
        let searcher = Searcher::new(self.base, metric, self.threads)?;
        let probes = self.base.select(&samples.probes);
        let k = CANDIDATES.min(self.base.n() - 1).max(1);
        let own = Some(&*samples.probes);
        let base = {
            let options = &mut told(self.threads, Stage::Neighbors, self.listener);
            neighbors(&searcher, probes.view(), own, k, options)?
        };
        let queries = match &samples.queries {
            None => None,
            Some(queries) => {
                let options = &mut told(self.threads, Stage::QueryNeighbors, self.listener);
                Some(neighbors(&searcher, queries.view(), None, k, options)?)
            }
        };
        Ok(Lists { base, queries })
    }

    fn hubness(&mut self) -> Result<Option<Hubness>, ExactError> {
        let crowd = self.samples.crowd.view();
        let searcher = Searcher::new(crowd, self.metric, self.threads)?;
        let own: Vec<usize> = (0..crowd.n()).collect();
        let k = K.min(crowd.n() - 1).max(1);
        let options = &mut told(self.threads, Stage::Hubs, self.listener);
        let lists = neighbors(&searcher, crowd, Some(&own), k, options)?;
        Ok(hubness(&lists, k))
    }

    fn headroom(&mut self, lists: &[Vec<Neighbor>]) -> Option<Headroom> {
        let samples = self.samples;
        let probes = indexed(self.metric, self.base, &samples.probes)?;
        let ranked = Ranked {
            base: self.base,
            sample: samples.crowd.view(),
            queries: samples.queries.as_ref().unwrap_or(&probes).view(),
            lists,
            metric: self.metric,
            k: K,
        };
        let values = samples.crowd.as_slice().iter();
        let largest = values.fold(0.0, |most, value| value.abs().max(most));
        (self.listener)(Step::begin(Stage::Rounding));
        ranked.headroom(largest, self.threads)
    }

    fn sum_up(
        &self,
        lists: &Lists,
        (base, queries): (&Usable<'_>, Option<&Usable<'_>>),
        hubness: Option<Hubness>,
        headroom: Option<Headroom>,
    ) -> Study {
        let samples = self.samples;
        let around = |(vectors, rows, of): Probed<'_>, lists: &[Vec<Neighbor>]| {
            let (mut around, nearly_equal) = self.surroundings(vectors, lists);
            around.example = nearly_equal.map(|probe| {
                let nearest = lists[probe][0].0;
                (of.original(rows[probe]), base.original(nearest))
            });
            around
        };
        let probes = indexed(self.metric, self.base, &samples.probes);
        let probes = probes.as_ref().unwrap_or(&samples.crowd).view();
        let asked = queries.zip(samples.queries.as_ref());
        Study {
            typical_distance: samples.typical_distance,
            base: around((probes, &samples.probes, base), &lists.base),
            queries: asked
                .zip(lists.queries.as_ref())
                .map(|((of, vectors), lists)| {
                    around((vectors.view(), &samples.query_rows, of), lists)
                }),
            shift: self.shift(lists),
            hubness,
            headroom,
        }
    }

    fn shift(&self, lists: &Lists) -> Option<Shift> {
        let queries = self.samples.queries.as_ref()?;
        let dimensions = |of: &Matrix| Survey::of(of.view(), self.threads).dimensions;
        shift(
            &nearest(&self.distances(lists.queries.as_ref()?)),
            &nearest(&self.distances(&lists.base)),
            (&dimensions(queries), &dimensions(&self.samples.crowd)),
        )
    }

    fn distances(&self, lists: &[Vec<Neighbor>]) -> Vec<Vec<f64>> {
        let metric = geometry(self.metric);
        let of_list = |list: &Vec<Neighbor>| {
            let distances = list.iter().map(|&(_, score)| distance(metric, score));
            distances.collect()
        };
        lists.iter().map(of_list).collect()
    }

    /// What lies around these vectors, as an index holds them, and the first that nearly equals
    /// another.
    fn surroundings(
        &self,
        vectors: MatrixView<'_>,
        lists: &[Vec<Neighbor>],
    ) -> (Surroundings, Option<usize>) {
        let distances = self.distances(lists);
        let typical = self.samples.typical_distance;
        let nearest_distance = median(nearest(&distances)).unwrap_or_default();
        let stands_out = nearest_distance > ROUNDING * typical;
        let nearly_equal = (0..lists.len()).filter(|&probe| {
            let Some(&(row, _)) = lists[probe].first() else {
                return false;
            };
            let is_near = distances[probe][0] <= NEARLY_EQUAL * typical;
            is_near && *as_indexed(self.metric, self.base.row(row)) != *vectors.row(probe)
        });
        let k = local_k(self.base.n());
        let around = Surroundings {
            probes: distances.len(),
            nearest_distance,
            nearly_equal: nearly_equal.clone().count(),
            example: None,
            contrast: stands_out.then_some(typical / nearest_distance),
            intrinsic_dimension: intrinsic_dimension(&distances, k, ROUNDING * typical),
        };
        (around, nearly_equal.min())
    }
}

/// The distance of each vector to its nearest.
fn nearest(distances: &[Vec<f64>]) -> Vec<f64> {
    distances
        .iter()
        .filter_map(|list| list.first().copied())
        .collect()
}

/// Options of a search that tells the listener how far it is.
fn told<'a>(threads: usize, stage: Stage, listener: &'a mut Listener<'_>) -> Options<'a> {
    listener(Step::begin(stage));
    Options::new(threads).with_progress(move |progress| {
        let (done, total) = (progress.done, progress.total);
        listener(Step { stage, done, total });
    })
}
