//! Certificates from an authority, by ACME ([RFC 8555](https://www.rfc-editor.org/rfc/rfc8555)).
//!
//! The server asks for its own and renews it. That a name leads to it, it proves on the very port
//! that serves HTTPS (tls-alpn-01, [RFC 8737](https://www.rfc-editor.org/rfc/rfc8737)), so nothing
//! else has to be open.

mod folder;
mod https;
mod options;
mod schedule;

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, KeyAuthorization, NewAccount,
    NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{pki_types::PrivatePkcs8KeyDer, sign::CertifiedKey};
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};

pub use self::options::{AcmeError, AcmeOptions, Directory, Email, Name};
use self::{
    folder::Folder,
    https::Https,
    schedule::{pause, renewal},
};
use crate::tls::{Certificates, Pair, TlsError, provider};

/// For one try from the first question to the certificate.
const TRY: Duration = Duration::from_mins(5);
/// The computer may sleep, and its clock may be set: it is asked for the time again this often.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
/// How an authority is asked whether it is done with something.
const POLLS: RetryPolicy = RetryPolicy::new().timeout(Duration::from_mins(2));
/// As much as is told of what an authority says.
const MAX_WORDS: usize = 500;

/// Gets a certificate and renews it.
#[derive(Clone)]
pub struct Acme {
    names: Vec<Name>,
    directory: Directory,
    email: Option<Email>,
    https: Https,
    folder: Folder,
    certificates: Certificates,
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acme")
            .field("names", &self.names)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// Why a try came to nothing; the end of a sentence.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it says: {0}")]
    Refused(String),
    #[error("{name} did not pass its check: {why}")]
    Check { name: String, why: String },
    #[error("it has no check of the kind tls-alpn-01 for {0}")]
    NoCheck(String),
    /// It does not know the account any more.
    #[error("it does not know this server")]
    Forgotten,
    #[error("{0}")]
    Talk(instant_acme::Error),
    #[error("what it gave cannot be used: {0}")]
    Unfit(TlsError),
    #[error("what it gave is not for {0}")]
    Mistaken(Name),
    #[error("{0}")]
    Disk(#[from] AcmeError),
    #[error("no key can be made: {0}")]
    Key(#[from] rcgen::Error),
    #[error("no proof can be shown: {0}")]
    Proof(#[from] rustls::Error),
    #[error("it took too long")]
    Late,
    #[error("the program ends")]
    Ending,
}

impl From<instant_acme::Error> for Failure {
    fn from(error: instant_acme::Error) -> Self {
        match error {
            instant_acme::Error::Api(problem) if is(&problem, "accountDoesNotExist") => {
                Self::Forgotten
            }
            instant_acme::Error::Api(problem) => Self::Refused(words(&problem)),
            other => Self::Talk(other),
        }
    }
}

impl Acme {
    /// What is got. Nothing, at first.
    pub(crate) fn certificates(&self) -> Certificates {
        self.certificates.clone()
    }

    /// Gets and renews it for as long as the program runs. Nothing that fails ends it, and nothing
    /// makes it ask often.
    pub(crate) async fn run(self) {
        let mut failures = 0;
        loop {
            let left = self.left(SystemTime::now());
            if !left.is_zero() {
                sleep(left.min(LOOK_AGAIN)).await;
                continue;
            }
            let outcome = timeout(TRY, self.obtain()).await;
            failures = match outcome.unwrap_or(Err(Failure::Late)) {
                Ok(()) => {
                    tracing::info!(authority = %self.directory, "a certificate was got");
                    0
                }
                Err(failure) => {
                    self.complain(&failure, pause(failures + 1));
                    failures + 1
                }
            };
            // Also after a success: what was got could be due already.
            sleep(pause(failures)).await;
        }
    }

    /// Until another certificate is to be got.
    fn left(&self, now: SystemTime) -> Duration {
        match self.certificates.life() {
            Some([from, until]) if self.stranger().is_none() => {
                renewal(from, until).duration_since(now).unwrap_or_default()
            }
            _ => Duration::ZERO,
        }
    }

    /// A name that the present certificate is not for.
    fn stranger(&self) -> Option<&Name> {
        let strange = |name: &&Name| !self.certificates.are_for(name.as_str());
        self.names.iter().find(strange)
    }

    fn complain(&self, failure: &Failure, pause: Duration) {
        let why = failure.to_string();
        let why = why.trim_end_matches('.');
        let minutes = pause.as_secs() / 60;
        let present = self.present(SystemTime::now());
        tracing::warn!(
            "No certificate could be got from {}: {why}. {present} The next try is in {minutes} min.",
            self.directory
        );
    }

    /// How it stands with what is shown meanwhile.
    fn present(&self, now: SystemTime) -> String {
        let Some([_, until]) = self.certificates.life() else {
            return "There is none yet, so nobody can connect.".to_owned();
        };
        if let Some(name) = self.stranger() {
            return format!("The present one is not for {name}.");
        }
        match until.duration_since(now) {
            Ok(left) => {
                let hours = left.as_secs() / 3600;
                format!("The present one is good for {hours} hours.")
            }
            Err(_) => "The present one is no longer good.".to_owned(),
        }
    }

    /// One try.
    async fn obtain(&self) -> Result<(), Failure> {
        let mut order = match self.order().await {
            Err(Failure::Forgotten) => {
                self.on_disk(Folder::set_account_aside).await?;
                self.order().await?
            }
            other => other?,
        };
        let shown = Proofs(&self.certificates);
        self.prove(&mut order).await?;
        let ready = order.poll_ready(&POLLS).await;
        if !matches!(ready, Ok(OrderStatus::Ready)) {
            let failure = ready.map_or_else(Failure::from, |_| Failure::Refused("no".to_owned()));
            return Err(complaint(&mut order).await.unwrap_or(failure));
        }
        drop(shown);

        let key = KeyPair::generate()?;
        let request = request(&self.names, &key)?;
        // On disk before the certificate is made: one that cannot be kept would be asked for
        // again and again.
        let mut draft = self
            .on_disk(move |folder| folder.begin_certificate(&key.serialize_pem()))
            .await?;
        order.finalize_csr(&request).await?;
        let chain = order.poll_certificate(&POLLS).await?;
        let names = self.names.clone();
        let certificates = self.certificates();
        spawn_blocking(move || {
            draft.add(&chain)?;
            let got = Pair::read(draft.path(), draft.path()).map_err(unfit)?;
            if let Some(name) = names.into_iter().find(|name| !got.is_for(name.as_str())) {
                return Err(Failure::Mistaken(name));
            }
            draft.keep()?;
            certificates.renew().map_err(unfit)?;
            Ok(())
        })
        .await
        .map_err(|_| Failure::Ending)?
    }

    /// Asks for a certificate.
    async fn order(&self) -> Result<Order, Failure> {
        let account = self.account().await?;
        let names: Vec<Identifier> = (self.names.iter())
            .map(|name| Identifier::Dns(name.to_string()))
            .collect();
        Ok(account.new_order(&NewOrder::new(&names)).await?)
    }

    /// The account there, which is made if there is none.
    async fn account(&self) -> Result<Account, Failure> {
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        if let Some(known) = self.on_disk(Folder::account).await? {
            return Ok(builder.from_credentials(known).await?);
        }
        let contact = self.email.as_ref().map(Email::contact);
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contact,
            // As the option says.
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, known) = builder
            .create(&new, self.directory.to_string(), None)
            .await?;
        self.on_disk(move |folder| folder.keep_account(&known))
            .await?;
        Ok(account)
    }

    /// Shows the proof of each name, and says so to the authority.
    async fn prove(&self, order: &mut Order) -> Result<(), Failure> {
        let mut names = order.authorizations();
        while let Some(name) = names.next().await {
            let mut name = name?;
            // It was proved not long ago.
            if name.status == AuthorizationStatus::Valid {
                continue;
            }
            let host = name.identifier().to_string();
            let Some(mut check) = name.challenge(ChallengeType::TlsAlpn01) else {
                return Err(Failure::NoCheck(host));
            };
            let proof = proof(&host, &check.key_authorization())?;
            self.certificates.prove(&host, proof);
            check.set_ready().await?;
        }
        Ok(())
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, AcmeError> + Send + 'static,
    ) -> Result<T, Failure> {
        let folder = self.folder.clone();
        let done = spawn_blocking(move || work(&folder)).await;
        Ok(done.map_err(|_| Failure::Ending)??)
    }
}

/// While it is there, proofs are shown.
struct Proofs<'a>(&'a Certificates);

impl Drop for Proofs<'_> {
    fn drop(&mut self) {
        self.0.prove_nothing();
    }
}

/// What is asked for: a certificate for this key and these names.
fn request(names: &[Name], key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(key)?.der().to_vec())
}

/// The certificate by which this name answers the authority
/// ([RFC 8737 §3](https://www.rfc-editor.org/rfc/rfc8737#section-3)).
fn proof(name: &str, answer: &KeyAuthorization) -> Result<CertifiedKey, Failure> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    let digest = answer.digest();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.der().clone();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let key = provider().key_provider.load_private_key(key.into())?;
    // Unseen: who looks at certificates here does not know what this one has to say.
    Ok(CertifiedKey::new(vec![certificate], key))
}

/// What the authority found when it checked the names.
async fn complaint(order: &mut Order) -> Option<Failure> {
    let mut names = order.authorizations();
    while let Some(Ok(mut name)) = names.next().await {
        let found = name.refresh().await.ok()?;
        if let Some(problem) = found.challenges.iter().find_map(|c| c.error.as_ref()) {
            let name = found.identifier().to_string();
            let why = words(problem);
            return Some(Failure::Check { name, why });
        }
    }
    None
}

fn unfit(errors: Vec<TlsError>) -> Failure {
    match errors.into_iter().next() {
        Some(error) => Failure::Unfit(error),
        None => Failure::Refused("no certificate".to_owned()),
    }
}

fn is(problem: &Problem, kind: &str) -> bool {
    let full = problem.r#type.as_deref();
    full.and_then(|full| full.strip_prefix("urn:ietf:params:acme:error:")) == Some(kind)
}

/// What an authority says, as it may stand in a log.
fn words(problem: &Problem) -> String {
    let said = problem.detail.as_ref().or(problem.r#type.as_ref());
    said.map_or("no reason", String::as_str)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_WORDS)
        .collect()
}
