//! What a running program holds in memory: what a core file of it would show.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
};

/// Read at once.
const PIECE: usize = 1 << 20;

/// Which of these are anywhere in the memory of process `id` that can be read.
///
/// # Panics
/// If its memory may not be read.
pub fn found_in<'a>(id: u32, wanted: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).expect("it runs");
    let memory = File::open(format!("/proc/{id}/mem")).expect("tests may look into programs");
    let mut found = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(may)) = (fields.next(), fields.next()) else {
            continue;
        };
        // What the kernel maps by itself cannot be read this way.
        if may.starts_with('r') && !line.ends_with("[vvar]") && !line.ends_with("[vsyscall]") {
            let (from, to) = range.split_once('-').expect("a range");
            let number = |text| u64::from_str_radix(text, 16).expect("an address");
            search(&memory, number(from)..number(to), wanted, &mut found);
        }
    }
    found
}

fn search<'a>(
    memory: &File,
    range: std::ops::Range<u64>,
    wanted: &[&'a [u8]],
    found: &mut Vec<&'a [u8]>,
) {
    // Pieces overlap by so much, so that nothing hides between two.
    let overlap = wanted.iter().map(|one| one.len()).max().unwrap_or(0);
    let mut piece = vec![0; PIECE + overlap];
    let mut at = range.start;
    while at < range.end {
        let most = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        let most = most.min(piece.len());
        // A mapping may be gone by now, or reach beyond its file.
        let Ok(len) = memory.read_at(&mut piece[..most], at) else {
            return;
        };
        if len == 0 {
            return;
        }
        for &one in wanted {
            if !found.contains(&one) && contains(&piece[..len], one) {
                found.push(one);
            }
        }
        at += PIECE as u64;
    }
}

/// Whether these bytes are in there.
pub fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(&first) = wanted.first() else {
        return true;
    };
    let starts = (0..bytes.len()).filter(|&at| bytes[at] == first);
    starts.into_iter().any(|at| bytes[at..].starts_with(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_knows_is_found_in_its_memory() {
        let known = format!("known {}", 17);
        let unknown = b"un\0known".map(|byte| byte ^ 1);
        let wanted = [known.as_bytes(), &unknown];
        let found = found_in(std::process::id(), &wanted[..1]);
        assert_eq!(found, [known.as_bytes()]);
        assert!(contains(b"abc", b"bc") && contains(b"abc", b""));
        assert!(!contains(b"abc", b"bd") && !contains(b"", b"a"));
    }
}
