//! `annbench data make`: vectors from a seed.

use std::path::Path;

use annbench_runner::Observer;
use annbench_store::synthetic::{
    ClusterSpec, Generator, Kind, Part, Recipe, file_bytes, make as make_file, require_space,
};
use anyhow::Result;

use super::inputs::{at_least_one, threads};
use crate::{
    args::{KindArg, MakeArgs},
    exit::{BadArgument, Outcome},
    output,
    progress::Bars,
};

pub(crate) fn make(args: MakeArgs) -> Result<Outcome> {
    let threads = threads(args.threads)?;
    let n = at_least_one("--n", args.n)?;
    let recipe = Recipe {
        kind: kind(&args)?,
        dim: at_least_one("--dim", args.dim)?,
        seed: args.seed,
    };
    let base = Generator::new(recipe, Part::Base)?;
    if args.queries.as_ref() == Some(&args.output) {
        return Err(
            BadArgument("--queries names the file of the vectors; name another".into()).into(),
        );
    }
    // Before the queries are made: they would be left alone where the base does not fit.
    require_space(&args.output, file_bytes(&args.output, &base, n)?)?;
    if let Some(path) = &args.queries {
        let part = match args.out_of_distribution {
            true => Part::ShiftedQueries,
            false => Part::Queries,
        };
        let n_queries = at_least_one("--n-queries", args.n_queries)?;
        write(path, &Generator::new(recipe, part)?, n_queries, threads)?;
    }
    write(&args.output, &base, n, threads)?;
    Ok(Outcome::Fine)
}

fn write(path: &Path, generator: &Generator, n: usize, threads: usize) -> Result<()> {
    let mut bars = Bars::default();
    bars.begin("make vectors", Some(n as u64));
    let made = make_file(path, generator, n, threads, &mut |progress| {
        bars.advance(progress.done as u64);
    });
    bars.end();
    let made = made?;
    output::text(&format!(
        "{}: {n} x {}, {}, {} bytes",
        path.display(),
        generator.recipe().dim,
        made.dtype,
        made.bytes
    ))?;
    Ok(())
}

/// The distribution that the arguments ask for; those of clusters belong to clusters alone.
fn kind(args: &MakeArgs) -> Result<Kind, BadArgument> {
    let given = [
        ("--clusters", args.clusters.is_some()),
        ("--intrinsic-dim", args.intrinsic_dim.is_some()),
        ("--spread", args.spread.is_some()),
    ];
    let stray = given
        .iter()
        .find(|(_, is_given)| *is_given && args.kind != KindArg::Clustered);
    if let Some((flag, _)) = stray {
        return Err(BadArgument(format!(
            "{flag} is for --kind clustered; leave it out"
        )));
    }
    let default = ClusterSpec::default();
    Ok(match args.kind {
        KindArg::Gaussian => Kind::Gaussian,
        KindArg::Sphere => Kind::Sphere,
        KindArg::U8 => Kind::U8,
        KindArg::Clustered => Kind::Clustered(ClusterSpec {
            clusters: args.clusters.unwrap_or(default.clusters),
            intrinsic_dim: args.intrinsic_dim.unwrap_or(default.intrinsic_dim),
            spread: args.spread.unwrap_or(default.spread),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use annbench_eval::doctor::{ExamineOptions, Study, Subject, examine};
    use annbench_store::sample::sample_rows;
    use annbench_vectors::Metric;

    fn study(kind: Kind, dim: usize, queries: Part) -> Study {
        let recipe = Recipe { kind, dim, seed: 3 };
        let make = |part, n| Generator::new(recipe, part).unwrap().matrix(n, 2).unwrap();
        let (base, queries) = (make(Part::Base, 20_000), make(queries, 500));
        let subject = Subject {
            base: base.view(),
            ids: None,
            queries: Some(queries.view()),
            held_out: false,
            metric: Metric::L2,
        };
        let options = ExamineOptions {
            sample: 300,
            threads: 2,
            choose: &|n, count| sample_rows(n, count, 1),
        };
        examine(&subject, &options, &mut |_| {})
            .unwrap()
            .study
            .unwrap()
    }

    fn clustered(intrinsic_dim: usize) -> Kind {
        Kind::Clustered(ClusterSpec {
            clusters: 10,
            intrinsic_dim,
            spread: 0.5,
        })
    }

    #[test]
    fn clusters_have_the_intrinsic_dimension_asked_for() {
        for asked in [2, 5, 10] {
            let found = study(clustered(asked), 48, Part::Queries)
                .base
                .intrinsic_dimension;
            let found = found.unwrap().mean / asked as f64;
            // The estimate falls short where a hundred neighbours are no longer near.
            assert!((0.7..1.1).contains(&found), "{asked}: {found}");
        }
    }

    #[test]
    fn shifted_queries_are_told_from_others() {
        for kind in [Kind::Gaussian, Kind::Sphere, clustered(5), Kind::U8] {
            let of = |part| study(kind, 16, part).shift.unwrap();
            let (same, shifted) = (of(Part::Queries), of(Part::ShiftedQueries));
            assert!((0.42..0.58).contains(&same.farther), "{kind:?}: {same:?}");
            let is_found = shifted.farther > 0.64 || shifted.mean_shift > 0.5;
            assert!(is_found && same.mean_shift < 0.2, "{kind:?}: {shifted:?}");
        }
    }
}
