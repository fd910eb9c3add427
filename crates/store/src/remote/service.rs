//! Requests with the query of their address, such as the signature of a signed one.
//!
//! `object_store` takes a server and a path and leaves the query out.

use std::{future::Future, pin::Pin};

use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
        HttpService, ReqwestConnector,
    },
};

/// Connects as `object_store` does, and puts the query back.
#[derive(Debug, Clone)]
pub(super) struct WithQuery {
    pub(super) query: String,
}

impl HttpConnector for WithQuery {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        let query = self.query.clone();
        Ok(HttpClient::new(Service { inner, query }))
    }
}

#[derive(Debug)]
struct Service {
    inner: HttpClient,
    query: String,
}

type Answer<'f> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>;

impl HttpService for Service {
    fn call<'s, 'f>(&'s self, mut request: HttpRequest) -> Answer<'f>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let with_query = format!("{}?{}", request.uri(), self.query);
            let uri = with_query.parse();
            *request.uri_mut() = uri.map_err(|e| HttpError::new(HttpErrorKind::Unknown, e))?;
            self.inner.execute(request).await
        })
    }
}
