//! The peer of the benchmark: the dispute history on Restate. `run` starts it beside the server.

mod case;
mod service;

use std::{error::Error, net::SocketAddr};

use restate_sdk::prelude::*;
use tokio::{
    net::TcpSocket,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

// As Concord has it, so that neither is slowed by what the other does not use.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let at: SocketAddr =
        std::env::var("PEER_LISTEN").unwrap_or_else(|_| "127.0.0.1:9080".to_owned()).parse()?;
    let socket = TcpSocket::new_v4()?;
    // Its connections inherit it: no small frame waits for the acknowledgement of the one before.
    socket.set_nodelay(true)?;
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    let listener = socket.listen(BACKLOG)?;

    let mut terminate = signal(SignalKind::terminate())?;
    HttpServer::new(Endpoint::builder().bind(service::Cases).build())
        .serve_with_cancel(listener, async move { terminate.recv().await })
        .await;
    Ok(())
}
