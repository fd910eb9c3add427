//! From an address to the store that holds it, with what the environment says of access.

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder,
    client::{HttpConnector, ReqwestConnector},
    gcp::GoogleCloudStorageBuilder,
    http::HttpBuilder,
    path::Path as ObjectPath,
};

use super::{Limits, service::WithQuery};

type Store = Box<dyn ObjectStore>;

/// Gives a builder the address, the limits and the variables that begin with `$prefix`.
macro_rules! cloud {
    ($builder:ty, $prefix:literal, $address:expr, $limits:expr, $variables:expr) => {{
        let builder = <$builder>::new()
            .with_url($address)
            .with_client_options(options($limits))
            .with_retry(retry($limits));
        let named = $variables
            .iter()
            .filter(|(name, _)| name.starts_with($prefix));
        let builder = named.fold(builder, |builder, (name, value)| {
            match name.to_ascii_lowercase().parse() {
                Ok(key) => builder.with_config(key, value),
                // A variable of other programs.
                Err(_) => builder,
            }
        });
        Box::new(builder.build().map_err(|error| error.to_string())?) as Store
    }};
}

/// The store and the path in it; what is wrong with the address or the variables, if something is.
pub(super) fn connect(
    address: &str,
    limits: &Limits,
    variables: &[(String, String)],
) -> Result<(Store, ObjectPath), String> {
    let (bare, query) = match address.split_once('?') {
        Some((bare, query)) => (bare, query.split('#').next()),
        None => (address, None),
    };
    let (scheme, rest) = bare.split_once("://").ok_or("it has no `://`")?;
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    if place.is_empty() || path.is_empty() {
        return Err("it names no file".into());
    }
    let store = match scheme {
        "s3" => cloud!(AmazonS3Builder, "AWS_", bare, limits, variables),
        "gs" => cloud!(
            GoogleCloudStorageBuilder,
            "GOOGLE_",
            bare,
            limits,
            variables
        ),
        "az" => cloud!(MicrosoftAzureBuilder, "AZURE_", bare, limits, variables),
        _ => http(&format!("{scheme}://{place}"), query, limits)?,
    };
    let path = match scheme {
        "http" | "https" => ObjectPath::from_url_path(path),
        _ => ObjectPath::parse(path),
    };
    Ok((store, path.map_err(|error| error.to_string())?))
}

fn http(server: &str, query: Option<&str>, limits: &Limits) -> Result<Store, String> {
    let options = options(limits).with_allow_http(server.starts_with("http://"));
    let builder = HttpBuilder::new()
        .with_url(server)
        .with_client_options(options)
        .with_retry(retry(limits));
    let builder = match query {
        Some(query) => with_connector(
            builder,
            WithQuery {
                query: query.into(),
            },
        ),
        None => with_connector(builder, ReqwestConnector::default()),
    };
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok(Box::new(store))
}

fn with_connector(builder: HttpBuilder, connector: impl HttpConnector) -> HttpBuilder {
    builder.with_http_connector(connector)
}

fn options(limits: &Limits) -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(limits.connect)
        .with_read_timeout(limits.silence)
        // A large file may take as long as it takes, if only it keeps coming.
        .with_timeout_disabled()
}

fn retry(limits: &Limits) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: limits.backoff,
            max_backoff: limits.backoff.saturating_mul(64),
            base: 2.0,
        },
        max_retries: limits.retries,
        retry_timeout: limits.silence.saturating_mul(4),
    }
}
