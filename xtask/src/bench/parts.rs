//! BENCHMARKS.md: each bench writes a part of its own, which begins with its title, and leaves
//! those of others as they are.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::Context as _;

/// The file.
pub const FILE: &str = "BENCHMARKS.md";

/// Puts a bench's part into the file, in place of the last one with that title.
///
/// # Errors
/// If the file cannot be read or written.
pub fn put(root: &Path, title: &str, part: &str) -> anyhow::Result<()> {
    let path = root.join(FILE);
    let file = match fs::read_to_string(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {FILE}")),
    };
    fs::write(path, with(&file, title, part)).with_context(|| format!("cannot write {FILE}"))
}

fn with(file: &str, title: &str, part: &str) -> String {
    let mut parts = split(file);
    let known = parts
        .iter()
        .position(|old| old.lines().next() == Some(title));
    match known {
        Some(at) => parts[at] = part,
        None => parts.push(part),
    }
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).collect();
    parts.join("\n\n") + "\n"
}

/// What lies between the titles of the first order, each with its own. What is code is none.
fn split(file: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let (mut at, mut code) = (0, false);
    for line in file.split_inclusive('\n') {
        code ^= line.starts_with("```");
        if line.starts_with("# ") && !code && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    starts.push(at);
    let parts = starts.windows(2).map(|ends| &file[ends[0]..ends[1]]);
    parts.filter(|part| !part.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_replaces_its_own_part_alone() {
        let file = with("", "# One", "# One\n\n1\n");
        assert_eq!(file, "# One\n\n1\n");
        let file = with(&file, "# Two", "# Two\n\n```text\n# 2\n```\n");
        assert_eq!(file, "# One\n\n1\n\n# Two\n\n```text\n# 2\n```\n");
        let file = with(&file, "# One", "# One\n\n## Again\n\n3\n\n");
        assert_eq!(
            file,
            "# One\n\n## Again\n\n3\n\n# Two\n\n```text\n# 2\n```\n"
        );
        let file = with(&file, "# Two", "# Two\n\n4");
        assert_eq!(file, "# One\n\n## Again\n\n3\n\n# Two\n\n4\n");
    }

    #[test]
    fn what_no_bench_wrote_stays() {
        let file = with("By hand.\n\n# One\n\n1\n", "# One", "# One\n\n2\n");
        assert_eq!(file, "By hand.\n\n# One\n\n2\n");
    }
}
