//! What a program says, as it says it.

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::sync::watch;

/// All that came from one stream so far.
#[derive(Clone)]
pub struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    /// Counts the pieces that came; closed at the end of the stream.
    pieces: watch::Receiver<u64>,
}

impl Output {
    /// Reads `stream` to its end, in the background.
    pub fn of(mut stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let (tell, pieces) = watch::channel(0);
        let into = Arc::clone(&text);
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(n @ 1..) = stream.read(&mut piece) {
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&piece[..n]);
                tell.send_modify(|count| *count += 1);
            }
        });
        Self { text, pieces }
    }

    /// All of it.
    pub fn text(&self) -> String {
        self.after(0)
    }

    /// What came after the first `bytes`.
    pub fn after(&self, bytes: usize) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(text.get(bytes..).unwrap_or_default()).into_owned()
    }

    /// How many bytes have come.
    pub fn len(&self) -> usize {
        self.text
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether nothing has come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until the stream has ended, and gives all of it.
    ///
    /// # Panics
    /// If it does not end within `within`.
    pub async fn whole(&self, within: Duration) -> String {
        let mut pieces = self.pieces.clone();
        let end = async { while pieces.changed().await.is_ok() {} };
        let ended = tokio::time::timeout(within, end).await;
        assert!(ended.is_ok(), "no end within {within:?}: {}", self.text());
        self.text()
    }

    /// Whether it says that within `within`, and before it ends.
    pub async fn said(&self, within: Duration, words: &str) -> bool {
        let mut pieces = self.pieces.clone();
        let search = async {
            while !self.text().contains(words) {
                if pieces.changed().await.is_err() {
                    return self.text().contains(words);
                }
            }
            true
        };
        tokio::time::timeout(within, search).await.unwrap_or(false)
    }

    /// Waits until `find` finds something in what came after the first `from` bytes.
    ///
    /// # Panics
    /// If it does not within `within`, or the stream ends before.
    pub async fn wait<T>(
        &self,
        what: &str,
        within: Duration,
        from: usize,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> T {
        let mut pieces = self.pieces.clone();
        let search = async {
            loop {
                pieces.borrow_and_update();
                if let Some(found) = find(&self.after(from)) {
                    return Some(found);
                }
                if pieces.changed().await.is_err() {
                    return find(&self.after(from));
                }
            }
        };
        let Ok(found) = tokio::time::timeout(within, search).await else {
            panic!("{what}: not said within {within:?}");
        };
        found.unwrap_or_else(|| panic!("{what}: not said before the end"))
    }
}
