//! The page's own DTLS certificate, made afresh for every attempt.

use deskhand_protocol::{
    ice::{IceServer, MAX_SERVERS, Scheme},
    id::Fingerprint,
};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    RtcCertificate, RtcConfiguration, RtcIceServer, RtcPeerConnection, RtcSessionDescriptionInit,
};

use crate::js;

/// A certificate and what it is known by.
#[derive(Debug, Clone)]
pub struct Certificate {
    certificate: RtcCertificate,
    /// Of exactly this certificate.
    pub fingerprint: Fingerprint,
}

impl Certificate {
    /// Makes a fresh one: ECDSA on P-256.
    ///
    /// # Errors
    /// The browser's own, if it cannot.
    pub async fn make() -> Result<Self, JsValue> {
        let algorithm = Object::new();
        Reflect::set(&algorithm, &"name".into(), &"ECDSA".into())?;
        Reflect::set(&algorithm, &"namedCurve".into(), &"P-256".into())?;
        let made = RtcPeerConnection::generate_certificate_with_object(&algorithm)?;
        let certificate: RtcCertificate = JsFuture::from(made).await?.unchecked_into();
        let text = match js::fingerprint(&certificate) {
            Some(text) => text,
            None => from_description(&certificate).await?,
        };
        let fingerprint = Fingerprint::parse(&text)
            .map_err(|_| JsValue::from_str("certificate without a fingerprint"))?;
        Ok(Self {
            certificate,
            fingerprint,
        })
    }

    /// A configuration under which a connection shows this certificate and contacts these servers
    /// and no others.
    pub fn configuration(&self, servers: &[IceServer]) -> RtcConfiguration {
        configuration(&self.certificate, servers)
    }
}

fn configuration(certificate: &RtcCertificate, servers: &[IceServer]) -> RtcConfiguration {
    let configuration = ice_servers(servers);
    configuration.set_certificates(&Array::of1(certificate));
    configuration
}

/// A configuration under which a connection contacts these servers and no others.
pub fn ice_servers<'a>(servers: impl IntoIterator<Item = &'a IceServer>) -> RtcConfiguration {
    let configuration = RtcConfiguration::new();
    let servers: Array = servers
        .into_iter()
        .take(MAX_SERVERS)
        .map(ice_server)
        .collect();
    configuration.set_ice_servers(&servers);
    configuration
}

fn ice_server(server: &IceServer) -> RtcIceServer {
    let init = RtcIceServer::new();
    init.set_urls(&JsValue::from_str(&server.url.to_string()));
    if server.url.scheme != Scheme::Stun {
        init.set_username(&server.username);
        init.set_credential(&server.credential.0);
    }
    init
}

/// Where the certificate does not tell its fingerprint, a connection that is never used has to
/// describe itself.
async fn from_description(certificate: &RtcCertificate) -> Result<String, JsValue> {
    let connection = RtcPeerConnection::new_with_configuration(&configuration(certificate, &[]))?;
    connection.create_data_channel("fingerprint");
    let offer = JsFuture::from(connection.create_offer()).await;
    connection.close();
    let sdp = offer?
        .unchecked_into::<RtcSessionDescriptionInit>()
        .get_sdp()
        .unwrap_or_default();
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=fingerprint:sha-256 "))
        .map(|hex| hex.trim().to_owned())
        .ok_or_else(|| JsValue::from_str("description without a fingerprint"))
}
