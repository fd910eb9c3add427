//! The erased twins of the typed traits: what everybody but a backend's author sees.

use std::path::Path;

use annbench_vectors::{MatrixView, Metric, NeighborsMut};
use serde_json::Value;

use crate::{
    Backend, BaseFacts, BuildError, BuildJob, Built, ConfigureError, Library, LoadError, ParamDoc,
    ParamError, Params, Resolved, SaveError, SearchError, SearchSetup, TypedIndex, schema,
};

/// A built index, whatever its kind. Object-safe twin of [`TypedIndex`], which documents the
/// methods that are the same.
#[expect(
    missing_docs,
    reason = "the methods without a text are those of TypedIndex"
)]
pub trait Index: Send + Sync {
    /// Sets parameters for the searches that follow and returns those in force.
    ///
    /// # Errors
    /// [`ConfigureError`] if a parameter is unknown, of the wrong type or refused.
    fn configure(&mut self, params: &Params, setup: SearchSetup) -> Result<Params, ConfigureError>;
    fn enter_thread(&self, setup: SearchSetup) -> Result<(), ConfigureError>;
    fn search(
        &self,
        queries: MatrixView<'_>,
        out: &mut NeighborsMut<'_>,
    ) -> Result<(), SearchError>;
    fn save(&self, path: &Path) -> Result<(), SaveError>;
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    fn dim(&self) -> usize;
    fn metric(&self) -> Metric;
    fn bytes_estimate(&self) -> Option<u64>;
}

/// A typed index as an [`Index`]. Registries make them; whoever needs both views of one index can
/// make one too.
#[derive(Debug)]
pub struct Erased<I>(I);

impl<I: TypedIndex> Erased<I> {
    /// Hides the type of the search parameters.
    pub fn new(index: I) -> Self {
        Self(index)
    }

    /// The index with its type.
    pub fn typed(&self) -> &I {
        &self.0
    }
}

impl<I: TypedIndex> Index for Erased<I> {
    fn configure(&mut self, params: &Params, setup: SearchSetup) -> Result<Params, ConfigureError> {
        let requested: I::Search = schema::parse(params)?;
        let effective = self.0.configure(&requested, setup)?;
        Ok(Params::from_typed(&effective))
    }

    fn enter_thread(&self, setup: SearchSetup) -> Result<(), ConfigureError> {
        self.0.enter_thread(setup)
    }

    fn search(
        &self,
        queries: MatrixView<'_>,
        out: &mut NeighborsMut<'_>,
    ) -> Result<(), SearchError> {
        self.0.search(queries, out)
    }

    fn save(&self, path: &Path) -> Result<(), SaveError> {
        self.0.save(path)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn metric(&self) -> Metric {
        self.0.metric()
    }

    fn bytes_estimate(&self) -> Option<u64> {
        self.0.bytes_estimate()
    }
}

/// A kind of index, whatever its parameters. Object-safe twin of [`Backend`], implemented for
/// every one.
pub trait AnyBackend: Send + Sync {
    /// See [`Backend::name`].
    fn name(&self) -> &'static str;
    /// See [`Backend::summary`].
    fn summary(&self) -> &'static str;
    /// See [`Backend::library`].
    fn library(&self) -> Library;
    /// The build parameters, for help.
    fn build_docs(&self) -> Vec<ParamDoc>;
    /// The search parameters, for help.
    fn search_docs(&self) -> Vec<ParamDoc>;
    /// JSON Schemas of the build and of the search parameters.
    fn schemas(&self) -> (Value, Value);

    /// Checks build parameters and says what they mean for this base, all defaults filled in.
    ///
    /// # Errors
    /// [`ParamError`] names the key and the remedy.
    fn resolve(&self, build: &Params, base: BaseFacts) -> Result<Resolved<Params>, ParamError>;

    /// Checks search parameters against resolved build parameters; returns them with all
    /// defaults filled in.
    ///
    /// # Errors
    /// [`ParamError`] names the key and the remedy.
    fn resolve_search(
        &self,
        build: &Params,
        search: &Params,
        base: BaseFacts,
    ) -> Result<Params, ParamError>;

    /// See [`Backend::is_exact`].
    ///
    /// # Errors
    /// [`ParamError`] if the parameters are not this backend's.
    fn is_exact(&self, build: &Params) -> Result<bool, ParamError>;

    /// See [`Backend::is_repeatable`].
    ///
    /// # Errors
    /// [`ParamError`] if the parameters are not this backend's.
    fn is_repeatable(&self, build: &Params, threads: usize) -> Result<bool, ParamError>;

    /// Builds an index from parameters that [`resolve`](Self::resolve) returned.
    ///
    /// # Errors
    /// [`BuildError`] with the library's own words.
    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        build: &Params,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<Box<dyn Index>>, BuildError>;

    /// Loads what [`Index::save`] wrote.
    ///
    /// # Errors
    /// [`LoadError`] if the file is missing, damaged or of another kind.
    fn load(&self, path: &Path, metric: Metric) -> Result<Box<dyn Index>, LoadError>;
}

impl<B: Backend> AnyBackend for B {
    fn name(&self) -> &'static str {
        Backend::name(self)
    }

    fn summary(&self) -> &'static str {
        Backend::summary(self)
    }

    fn library(&self) -> Library {
        Backend::library(self)
    }

    fn build_docs(&self) -> Vec<ParamDoc> {
        schema::docs(&schema::schema_of::<B::Build>())
    }

    fn search_docs(&self) -> Vec<ParamDoc> {
        schema::docs(&schema::schema_of::<B::Search>())
    }

    fn schemas(&self) -> (Value, Value) {
        (
            schema::schema_of::<B::Build>().to_value(),
            schema::schema_of::<B::Search>().to_value(),
        )
    }

    fn resolve(&self, build: &Params, base: BaseFacts) -> Result<Resolved<Params>, ParamError> {
        let resolved = Backend::resolve(self, schema::parse(build)?, base)?;
        Ok(Resolved {
            params: Params::from_typed(&resolved.params),
            adjustments: resolved.adjustments,
        })
    }

    fn resolve_search(
        &self,
        build: &Params,
        search: &Params,
        base: BaseFacts,
    ) -> Result<Params, ParamError> {
        let typed: B::Search = schema::parse(search)?;
        self.check_search(&schema::parse(build)?, &typed, base)?;
        Ok(Params::from_typed(&typed))
    }

    fn is_exact(&self, build: &Params) -> Result<bool, ParamError> {
        Ok(Backend::is_exact(self, &schema::parse(build)?))
    }

    fn is_repeatable(&self, build: &Params, threads: usize) -> Result<bool, ParamError> {
        Ok(Backend::is_repeatable(
            self,
            &schema::parse(build)?,
            threads,
        ))
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        build: &Params,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<Box<dyn Index>>, BuildError> {
        let built = Backend::build(self, base, metric, &schema::parse(build)?, job)?;
        Ok(Built {
            index: Box::new(Erased::new(built.index)),
            train: built.train,
            add: built.add,
        })
    }

    fn load(&self, path: &Path, metric: Metric) -> Result<Box<dyn Index>, LoadError> {
        Ok(Box::new(Erased::new(Backend::load(self, path, metric)?)))
    }
}
