//! Files as they will lie on somebody's computer.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// One file: everybody may read it, its owner alone may change it.
pub struct File {
    /// Where, without a slash in front.
    pub to: PathBuf,
    content: Vec<u8>,
    executable: bool,
}

impl File {
    /// With this content.
    pub fn new(to: &'static str, content: Vec<u8>) -> Self {
        Self {
            to: to.into(),
            content,
            executable: false,
        }
    }

    /// With the content of another one.
    pub fn copy(from: &Path, to: &'static str) -> anyhow::Result<Self> {
        let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        Ok(Self::new(to, content))
    }

    /// A program.
    pub fn program(from: &Path, to: &'static str) -> anyhow::Result<Self> {
        let file = Self::copy(from, to)?;
        Ok(file.executable())
    }

    /// The same, to be executed.
    pub fn executable(self) -> Self {
        Self {
            executable: true,
            ..self
        }
    }

    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(&self.to);
        let mode = if self.executable { 0o755 } else { 0o644 };
        fs::write(&path, &self.content)
            .with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, PermissionsExt::from_mode(mode))?;
        Ok(())
    }
}

/// Files in a folder.
pub struct Folder(pub Vec<File>);

impl Folder {
    /// Writes all of them, and the folders between, whatever this person's umask is.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for file in &self.0 {
            let mut parents: Vec<_> = file.to.ancestors().skip(1).collect();
            parents.reverse();
            for parent in parents {
                let path = folder.join(parent);
                if !path.is_dir() {
                    fs::create_dir(&path)?;
                }
                fs::set_permissions(&path, PermissionsExt::from_mode(0o755))?;
            }
            file.write(folder)?;
        }
        Ok(())
    }

    /// How much room they take, in KiB.
    pub fn kib(&self) -> usize {
        let sizes = self.0.iter().map(|file| file.content.len().div_ceil(1024));
        sizes.sum()
    }
}
