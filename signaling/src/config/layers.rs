//! Where a value comes from: the command line, else the environment, else the file.
//!
//! It knows nothing of single options: what `clap` knows of each is enough. Each value is tried
//! alone, so that one that cannot be understood hides no other.

use std::{
    collections::BTreeSet,
    error::Error as _,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgMatches, Command,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
    value_parser,
};

use super::problem::{Place, Problem};

/// The option that names the file.
const CONFIG: &str = "config";
/// A longer file is none of a person's making.
const MAX_FILE: u64 = 256 * 1024;

/// What was found.
pub(super) struct Gathered {
    pub(super) matches: ArgMatches,
    pub(super) check_only: bool,
    pub(super) problems: Vec<Problem>,
    /// Options (as on the command line) whose values were not understood.
    pub(super) unclear: BTreeSet<String>,
}

/// An option under the names it has in each place.
struct Named {
    id: String,
    /// On the command line, without the dashes.
    long: String,
    /// In the environment.
    variable: String,
}

impl Named {
    fn of(arg: &Arg) -> Option<Self> {
        let long = arg.get_long()?.to_owned();
        let variable = arg.get_env().and_then(OsStr::to_str);
        Some(Self {
            id: arg.get_id().to_string(),
            variable: variable.map_or_else(
                || format!("DESKHAND_{}", setting(&long).to_uppercase()),
                str::to_owned,
            ),
            long,
        })
    }

    /// The one that names a file with the value of this one.
    fn companion(&self) -> Self {
        Self {
            id: format!("{}_file", self.id),
            long: format!("{}-file", self.long),
            variable: format!("{}_FILE", self.variable),
        }
    }
}

/// What an option is called in the file.
fn setting(long: &str) -> String {
    long.replace('-', "_")
}

/// See the module. What is on the command line but no option at all is an error at once.
pub(super) fn gather(
    command: Command,
    args: impl IntoIterator<Item = OsString>,
    var: impl Fn(&str) -> Option<OsString>,
) -> Result<Gathered, clap::Error> {
    let command = command.mut_args(|arg| arg.global(true));
    let options: Vec<Named> = command.get_arguments().filter_map(Named::of).collect();
    let longs: BTreeSet<&str> = options.iter().map(|named| named.long.as_str()).collect();
    let pairs: Vec<(&Named, Option<Named>)> = options
        .iter()
        .map(|named| {
            let companion = named.companion();
            let apart = named.long != CONFIG && !longs.contains(companion.long.as_str());
            (named, apart.then_some(companion))
        })
        .collect();

    let mut lenient = command.clone().mut_args(|arg| {
        if arg.get_action().takes_values() {
            arg.value_parser(value_parser!(OsString))
        } else {
            arg
        }
    });
    for companion in pairs.iter().filter_map(|(_, companion)| companion.as_ref()) {
        lenient = lenient.arg(
            Arg::new(leaked(&companion.id))
                .long(leaked(&companion.long))
                .value_parser(value_parser!(OsString))
                .hide(true)
                .global(true),
        );
    }
    let flags = lenient.try_get_matches_from(args)?;
    let check_only = flags.subcommand_name() == Some("check");

    let mut sources = Sources {
        flags,
        var,
        file: None,
        problems: Vec::new(),
    };
    sources.open_file(&pairs);
    // Ours alone decide from here on.
    let typed = command.mut_args(|arg| arg.env(None::<&'static str>));
    let name = OsString::from(typed.get_name());
    let (mut good, mut unclear) = (vec![name.clone()], BTreeSet::new());
    for (named, companion) in &pairs {
        let problems = sources.problems.len();
        let Some((place, values)) = sources.find(named, companion.as_ref()) else {
            // It was set, but not so that it could be read.
            if sources.problems.len() > problems {
                unclear.insert(named.long.clone());
            }
            continue;
        };
        let said = as_arguments(named, &values);
        let alone = [std::slice::from_ref(&name), said.as_slice()].concat();
        let tried = typed.clone().try_get_matches_from(alone);
        match tried.err().and_then(|error| sentence(&error)) {
            Some(why) => {
                sources.problems.push(Problem::value(place, why));
                unclear.insert(named.long.clone());
            }
            None => good.extend(said),
        }
    }
    let mut problems = sources.problems;
    let matches = match typed.clone().try_get_matches_from(good) {
        Ok(matches) => matches,
        Err(error) => {
            problems.push(Problem::Combination(first_line(&error)));
            typed.try_get_matches_from([name])?
        }
    };
    Ok(Gathered {
        matches,
        check_only,
        problems,
        unclear,
    })
}

/// `clap` wants names that live for ever. There are few, and they are made once.
fn leaked(name: &str) -> &'static str {
    name.to_owned().leak()
}

/// As if all of it had been on the command line.
fn as_arguments(named: &Named, values: &[OsString]) -> Vec<OsString> {
    values
        .iter()
        .map(|value| {
            let mut argument = OsString::from(format!("--{}=", named.long));
            argument.push(value);
            argument
        })
        .collect()
}

/// What is wrong with one value; `None`: nothing, it only needs others beside it.
fn sentence(error: &clap::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict => None,
        ErrorKind::ValueValidation => Some(
            error
                .source()
                .map_or_else(|| first_line(error), ToString::to_string),
        ),
        ErrorKind::InvalidValue => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
                Some(format!("It has to be one of these: {}", valid.join(", ")))
            }
            _ => Some("It needs a value".to_owned()),
        },
        _ => Some(first_line(error)),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    format!("{}.", line.trim_start_matches("error: "))
}

/// A value and where it was set.
type Found = (Place, Vec<OsString>);

struct Sources<V> {
    flags: ArgMatches,
    var: V,
    file: Option<(PathBuf, toml::Table)>,
    problems: Vec<Problem>,
}

impl<V: Fn(&str) -> Option<OsString>> Sources<V> {
    /// Reads the configuration file, if one is named.
    fn open_file(&mut self, pairs: &[(&Named, Option<Named>)]) {
        let named = pairs.iter().find(|(named, _)| named.long == CONFIG);
        let Some((place, path)) = named.and_then(|(named, _)| {
            let (place, values) = self.flag(named).or_else(|| self.variable(named))?;
            Some((place, PathBuf::from(values.into_iter().next()?)))
        }) else {
            return;
        };
        let text = match read(&path) {
            Ok(text) => text,
            Err(cause) => {
                return self.problems.push(Problem::unreadable(place, &path, cause));
            }
        };
        match text.parse::<toml::Table>() {
            Ok(table) => {
                let known: BTreeSet<String> = pairs
                    .iter()
                    .flat_map(|(named, companion)| {
                        let own = (named.long != CONFIG).then(|| setting(&named.long));
                        own.into_iter()
                            .chain(companion.as_ref().map(|c| setting(&c.long)))
                    })
                    .collect();
                for name in table.keys().filter(|name| !known.contains(*name)) {
                    let meant = setting(&name.to_lowercase());
                    let hint = if known.contains(&meant) {
                        format!(": it is called {meant}")
                    } else {
                        String::new()
                    };
                    let (file, name) = (path.clone(), name.clone());
                    self.problems.push(Problem::Unknown { file, name, hint });
                }
                self.file = Some((path, table));
            }
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start));
                self.problems.push(Problem::NotToml {
                    file: path,
                    line: before.unwrap_or_default().matches('\n').count() + 1,
                    why: error.message().to_owned(),
                });
            }
        }
    }

    /// The value from the first place that has one.
    fn find(&mut self, named: &Named, companion: Option<&Named>) -> Option<Found> {
        let layers: [fn(&mut Self, &Named) -> Option<Found>; 3] =
            [Self::flag, Self::variable, Self::setting];
        for layer in layers {
            let own = layer(self, named);
            let beside = companion.and_then(|companion| layer(self, companion));
            return match (own, beside) {
                (None, None) => continue,
                (Some(found), None) => Some(found),
                (None, Some((place, path))) => self.read_value(place, path),
                (Some((one, _)), Some((other, _))) => {
                    self.problems.push(Problem::Twice(one, other));
                    None
                }
            };
        }
        None
    }

    fn flag(&mut self, named: &Named) -> Option<Found> {
        if self.flags.value_source(&named.id) != Some(ValueSource::CommandLine) {
            return None;
        }
        let place = Place::Flag(format!("--{}", named.long));
        let values = self.flags.get_raw(&named.id)?;
        Some((place, values.map(OsStr::to_owned).collect()))
    }

    /// An empty one is as good as none: it cannot be unset everywhere.
    fn variable(&mut self, named: &Named) -> Option<Found> {
        let value = (self.var)(&named.variable).filter(|value| !value.is_empty())?;
        Some((Place::Variable(named.variable.clone()), vec![value]))
    }

    fn setting(&mut self, named: &Named) -> Option<Found> {
        let name = setting(&named.long);
        let (file, table) = self.file.as_ref()?;
        let value = table.get(&name)?;
        let file = file.clone();
        let place = Place::Setting { name, file };
        match texts(value) {
            Some(values) if values.is_empty() => None,
            Some(values) => Some((place, values)),
            None => {
                let why = "It has to be a text, a number, true or false, or a list of texts";
                self.problems.push(Problem::value(place, why));
                None
            }
        }
    }

    /// What the file says that stands for a value.
    fn read_value(&mut self, place: Place, path: Vec<OsString>) -> Option<Found> {
        let path = PathBuf::from(path.into_iter().next()?);
        match read(&path) {
            Ok(text) => Some((place, vec![text.trim_end_matches(['\r', '\n']).into()])),
            Err(cause) => {
                self.problems.push(Problem::unreadable(place, &path, cause));
                None
            }
        }
    }
}

fn texts(value: &toml::Value) -> Option<Vec<OsString>> {
    match value {
        toml::Value::String(text) => Some(vec![text.into()]),
        toml::Value::Integer(number) => Some(vec![number.to_string().into()]),
        toml::Value::Boolean(on) => Some(vec![on.to_string().into()]),
        toml::Value::Array(list) => {
            let lists: Option<Vec<_>> = list.iter().map(texts).collect();
            lists.map(|lists| lists.concat())
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)?;
    if read as u64 > MAX_FILE {
        return Err(io::Error::other("it is too long"));
    }
    Ok(text)
}
