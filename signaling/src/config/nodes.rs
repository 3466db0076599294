//! Which Redis, and how to get in.

use std::{collections::BTreeSet, fmt, path::PathBuf, str::FromStr};

use clap::Args;
use redis::{Client, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion};

use super::{
    problem::Problem,
    secret::{self, SecretError},
};
use crate::nodes::Settings;

/// Which Redis several servers meet in.
#[derive(Debug, Clone, Default, Args)]
pub struct NodeOptions {
    /// The Redis in which several servers meet to act as one, such as <redis://10.0.0.5:6379>. All
    /// of them need the same keys: see --token-keys
    #[arg(long, env = "DESKHAND_REDIS", value_name = "URL")]
    pub redis: Option<RedisUrl>,

    /// File with the password of that Redis, which nobody else may read
    #[arg(long, env = "DESKHAND_REDIS_PASSWORD_FILE", value_name = "FILE")]
    pub redis_password_file: Option<PathBuf>,
}

/// The address of a Redis, without a password.
#[derive(Clone)]
pub struct RedisUrl(ConnectionInfo);

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({})", self.0.addr())
    }
}

impl FromStr for RedisUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("rediss://") {
            return Err(
                "Redis is spoken to without TLS. Put it on this computer or into a network of your own, or a tunnel in between, and write redis://",
            );
        }
        let info = (["redis://", "unix://"].iter())
            .any(|scheme| text.starts_with(scheme))
            .then(|| text.into_connection_info().ok())
            .flatten();
        let Some(info) = info else {
            return Err(
                "It has to be the address of a Redis, such as redis://10.0.0.5:6379 or unix:///run/redis/redis.sock",
            );
        };
        if info.redis_settings().password().is_some() {
            return Err(
                "Others could read a password here. Put it into a file, and name that with --redis-password-file",
            );
        }
        Ok(Self(info))
    }
}

/// Why the other servers cannot be reached as told. Each is a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodesError {
    /// A password, and nothing to give it to.
    #[error("--redis-password-file is of no use without --redis.")]
    NoRedis,
    /// The library does not want to.
    #[error("The address given with --redis cannot be used: {0}.")]
    Unusable(String),
    /// The password cannot be had.
    #[error(transparent)]
    Password(#[from] SecretError),
}

impl NodesError {
    /// Whether what was said has to change, and not something on the disk.
    pub(super) fn is_of_the_order(&self) -> bool {
        match self {
            Self::NoRedis | Self::Unusable(_) => true,
            Self::Password(_) => false,
        }
    }
}

impl NodeOptions {
    /// How to reach the others, if there are any; or nothing and a problem.
    /// `unclear`: options whose values were not understood, and are not missing for that.
    pub(super) fn check(
        self,
        unclear: &BTreeSet<String>,
        problems: &mut Vec<Problem>,
    ) -> Option<Settings> {
        match self.settings() {
            Ok(settings) => return settings,
            Err(NodesError::NoRedis) if unclear.contains("redis") => {}
            Err(error) => problems.push(error.into()),
        }
        None
    }

    /// Checks them, and reads the password. `None`: there are no other servers.
    ///
    /// # Errors
    /// A sentence; see [`NodesError`].
    pub(crate) fn settings(self) -> Result<Option<Settings>, NodesError> {
        let Some(RedisUrl(redis)) = self.redis else {
            return match self.redis_password_file {
                Some(_) => Err(NodesError::NoRedis),
                None => Ok(None),
            };
        };
        // The third version carries messages and answers on one connection.
        let mut how = redis
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        if let Some(file) = self.redis_password_file {
            how = how.set_password(secret::read("the password of Redis", &file)?);
        }
        let redis = Client::open(redis.set_redis_settings(how))
            .map_err(|error| NodesError::Unusable(error.to_string()))?;
        Ok(Some(Settings { redis }))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn options(url: &str, password_file: Option<PathBuf>) -> NodeOptions {
        NodeOptions {
            redis: Some(url.parse().unwrap()),
            redis_password_file: password_file,
        }
    }

    #[test]
    fn addresses_without_a_secret_are_taken_and_others_are_answered_with_a_sentence() {
        for good in [
            "redis://127.0.0.1",
            "redis://user@redis.internal:6380/2",
            "unix:///run/redis/redis.sock",
        ] {
            assert!(good.parse::<RedisUrl>().is_ok(), "{good}");
        }
        let table = [
            ("redis://:hunter2@127.0.0.1", "--redis-password-file"),
            ("redis://user:hunter2@127.0.0.1", "--redis-password-file"),
            ("rediss://127.0.0.1", "without TLS"),
            ("http://127.0.0.1", "redis://"),
            ("127.0.0.1:6379", "redis://"),
            ("redis://", "redis://"),
        ];
        for (bad, part) in table {
            let said = bad.parse::<RedisUrl>().unwrap_err();
            assert!(said.contains(part), "{bad}: {said}");
        }
    }

    #[test]
    fn a_password_comes_from_a_private_file_and_is_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        let with = |text: &str, mode: u32| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            options("redis://127.0.0.1", Some(file.clone())).settings()
        };
        let settings = with("hunter2\n", 0o600).unwrap().unwrap();
        let info = settings.redis.get_connection_info();
        assert_eq!(info.redis_settings().password(), Some("hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
        let said = with("hunter2\n", 0o604).unwrap_err().to_string();
        assert!(said.contains("the password of Redis"), "{said}");
    }

    #[test]
    fn without_a_redis_there_are_no_others() {
        assert!(NodeOptions::default().settings().unwrap().is_none());
        let alone = NodeOptions {
            redis: None,
            redis_password_file: Some("password".into()),
        };
        let said = alone.settings().unwrap_err().to_string();
        assert!(said.contains("--redis"), "{said}");
    }
}
