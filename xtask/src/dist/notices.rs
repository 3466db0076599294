//! Whose work is inside a program, and under which terms: most licences want to be passed on.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    fs,
    path::Path,
};

use anyhow::Context as _;
use serde_json::Value;

use super::said;
use crate::{build, bundle};

/// How files with licences begin.
const NAMES: [&str; 5] = ["licen", "copying", "notice", "unlicense", "copyright"];

/// One crate, as it is called in the text.
type Title = String;

/// Of everything that is linked into the package, and into the page that it carries.
pub fn of(root: &Path, package: &str) -> anyhow::Result<String> {
    let mut texts: BTreeMap<String, BTreeSet<Title>> = BTreeMap::new();
    let mut titles: BTreeMap<Title, String> = BTreeMap::new();
    let host = build::host()?;
    for (package, platform) in [(package, host.as_str()), (bundle::PACKAGE, bundle::TARGET)] {
        let metadata = metadata(root, platform)?;
        for one in linked(&metadata, package)? {
            let title = format!("{} {}", text(one, "name")?, text(one, "version")?);
            let licence = one["license"].as_str().unwrap_or("see below");
            titles.insert(title.clone(), licence.to_owned());
            for found in licences(one)? {
                texts.entry(found).or_default().insert(title.clone());
            }
        }
    }
    let mut all = "This program contains the work of many others:\n\n".to_owned();
    for (title, licence) in titles {
        writeln!(all, "{title}: {licence}")?;
    }
    for (licence, of) in texts {
        let of: Vec<Title> = of.into_iter().collect();
        write!(
            all,
            "\n{}\n{}:\n\n{licence}\n",
            "-".repeat(72),
            of.join(", ")
        )?;
    }
    Ok(all)
}

fn metadata(root: &Path, platform: &str) -> anyhow::Result<Value> {
    let mut cargo = build::cargo(root);
    cargo
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(["--filter-platform", platform]);
    Ok(serde_json::from_str(&said(&mut cargo)?)?)
}

/// All packages that are linked into this one, but for our own.
fn linked<'a>(metadata: &'a Value, package: &str) -> anyhow::Result<Vec<&'a Value>> {
    let packages = by_id(&metadata["packages"])?;
    let nodes = by_id(&metadata["resolve"]["nodes"])?;
    let first = packages
        .iter()
        .find(|(_, one)| one["name"] == package)
        .with_context(|| format!("there is no package {package}"))?;
    let mut seen = BTreeSet::from([*first.0]);
    let mut ahead = vec![*first.0];
    while let Some(id) = ahead.pop() {
        let node = nodes.get(id).context("cargo names no dependencies")?;
        for dep in node["deps"].as_array().into_iter().flatten() {
            let mut kinds = dep["dep_kinds"].as_array().into_iter().flatten();
            // Neither for building nor for tests.
            if kinds.any(|kind| kind["kind"].is_null()) {
                let id = text(dep, "pkg")?;
                if seen.insert(id) {
                    ahead.push(id);
                }
            }
        }
    }
    let all = seen.into_iter().filter_map(|id| packages.get(id).copied());
    Ok(all.filter(|one| !one["source"].is_null()).collect())
}

fn by_id(list: &Value) -> anyhow::Result<HashMap<&str, &Value>> {
    let list = list.as_array().context("cargo lists nothing")?;
    list.iter().map(|one| Ok((text(one, "id")?, one))).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    value[name]
        .as_str()
        .with_context(|| format!("cargo does not say the {name}"))
}

/// The texts that a package brings.
fn licences(package: &Value) -> anyhow::Result<Vec<String>> {
    let manifest = Path::new(text(package, "manifest_path")?);
    let folder = manifest.parent().context("a package has no folder")?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_one = NAMES.iter().any(|begins| name.starts_with(begins));
        if is_one && entry.file_type()?.is_file() {
            let bytes = fs::read(entry.path())?;
            found.push(String::from_utf8_lossy(&bytes).trim().to_owned());
        }
    }
    Ok(found)
}
