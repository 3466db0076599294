//! Whether an address is a server's, before anybody relies on it.

use deskhand_agent::server::{Address, CheckError, check};
use deskhand_tests::server::Server;

#[tokio::test]
async fn a_server_is_known_by_its_greeting() {
    let server = Server::start().await;
    let address = Address::parse(&server.url).unwrap();
    assert_eq!(check(&address).await, Ok(()));
    drop(server);
    assert_eq!(check(&address).await, Err(CheckError::Silent));
}
