//! A load balancer: whoever connects is passed on to one of the servers that can be reached.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Passes connections on until it is dropped.
pub struct Balancer {
    /// `http://127.0.0.1:…`
    pub url: String,
    task: JoinHandle<()>,
}

impl Balancer {
    /// Before these (`http://…`), of which the first that answers is taken.
    pub async fn before(urls: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let address = |url: &&str| url.trim_start_matches("http://").to_owned();
        let servers: Vec<String> = urls.iter().map(address).collect();
        let task = tokio::spawn(async move {
            while let Ok((visitor, _)) = listener.accept().await {
                tokio::spawn(pass(visitor, servers.clone()));
            }
        });
        Self { url, task }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut visitor: TcpStream, servers: Vec<String>) {
    for server in servers {
        if let Ok(mut server) = TcpStream::connect(server).await {
            // However it ends.
            let _ = copy_bidirectional(&mut visitor, &mut server).await;
            return;
        }
    }
}
