//! The peer of the benchmark: the dispute history on Restate. `run` starts it beside the server.

mod case;
mod service;

use std::{error::Error, io::Write as _, net::SocketAddr};

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

    let at: SocketAddr = std::env::var("PEER_LISTEN").unwrap_or_else(|_| "127.0.0.1:0".to_owned()).parse()?;
    let socket = TcpSocket::new_v4()?;
    // Its connections inherit it. Without it each small frame waits up to 40 ms for the other side's delayed
    // acknowledgement, and the peer would be measured by that.
    socket.set_nodelay(std::env::var("PEER_NAGLE").is_err())?;
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    let listener = socket.listen(BACKLOG)?;
    let mut out = std::io::stdout();
    writeln!(out, "listening {}", listener.local_addr()?)?;
    out.flush()?;

    let mut terminate = signal(SignalKind::terminate())?;
    let lazy = std::env::var("PEER_LAZY").is_ok();
    let cases =
        service::Cases.into_service_definition().options(ServiceOptions::new().enable_lazy_state(lazy));
    HttpServer::new(Endpoint::builder().bind(cases).build())
        .serve_with_cancel(listener, async move { terminate.recv().await })
        .await;
    Ok(())
}
