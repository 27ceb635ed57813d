//! How the servers of a cluster stand, as they say themselves.

use std::time::Duration;

use bus::{
    Bus, Principal,
    health::{self, StreamHealth},
    streams::{self, CASES},
};
use testkit::{
    cluster::{SERVERS, TestCluster},
    eventually, eventually_within,
};

/// How long a server may need to catch up.
const CATCH_UP: Duration = Duration::from_mins(2);

/// The server that leads the log.
pub async fn leader(cluster: &TestCluster) -> usize {
    let bus = cluster.connect(Principal::Deploy).await;
    let leader = eventually(async || how_is(&bus, CASES).await?.leader.ok_or("no leader".to_owned())).await;
    (0..SERVERS).find(|at| cluster.name(*at) == leader).expect("one of ours")
}

/// Waits until every stream has its three servers, and all of them everything.
pub async fn until_whole(cluster: &TestCluster) {
    eventually_within(CATCH_UP, async || {
        let bus =
            Bus::connect(&cluster.connect_to(Principal::Deploy)).await.map_err(|error| error.to_string())?;
        for declared in streams::declared(&cluster.shape()) {
            let stands = how_is(&bus, declared.name).await?;
            let well = stands.followers.iter().filter(|follower| follower.is_well()).count();
            if stands.leader.is_none() || well != SERVERS - 1 {
                return Err(format!("{}: {stands:?}", declared.name));
            }
        }
        Ok(())
    })
    .await;
}

async fn how_is(bus: &Bus, stream: &'static str) -> Result<StreamHealth, String> {
    health::stream(bus, stream).await.map_err(|error| error.to_string())
}
