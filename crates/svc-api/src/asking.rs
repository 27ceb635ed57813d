//! Asking the stage that owns an act.

use std::time::{Duration, Instant};

use bus::{
    Bus,
    connection::{Message, RequestError},
    protocol::command_subject,
};
use bytes::Bytes;
use domain::{Act, Code, Refusal};

/// How long a stage may take: longer than the ledger tries.
const STAGE: Duration = Duration::from_secs(25);

/// How long a stage that nobody serves may take to come back: as long as a restart.
const RESTART: Duration = Duration::from_secs(2);

/// The pause before such a stage is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks the stage of an act, and again while nobody serves it: for a short time, because nothing was handled yet.
pub(crate) async fn ask(bus: &Bus, act: &Act, payload: Bytes) -> Result<Message, Refusal> {
    let subject = command_subject(act);
    let end = Instant::now() + RESTART;
    loop {
        match bus.request(&subject, payload.clone(), STAGE).await {
            Err(RequestError::NoResponder { .. }) if Instant::now() < end => tokio::time::sleep(PAUSE).await,
            answer => return answer.map_err(|error| silent(&error, act)),
        }
    }
}

fn silent(error: &RequestError, act: &Act) -> Refusal {
    match error {
        RequestError::NoResponder { .. } => Refusal::new(
            Code::Unavailable,
            "Dịch vụ xử lý việc này chưa hoạt động; chưa có gì được ghi.",
            format!("The service of the stage {} is not running: nothing was stored.", act.stage),
        ),
        RequestError::Busy { .. } => bus::overloaded(),
        RequestError::TimedOut { .. } | RequestError::NotSent { .. } => Refusal::new(
            Code::OutcomeUnknown,
            "Chưa rõ đã ghi hay chưa; đề nghị gửi lại với cùng khóa.",
            "It is not known whether this was stored: repeat with the same key.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use bus::Principal;
    use domain::stages;
    use testkit::nats::TestNats;

    use super::*;

    fn raise() -> &'static Act {
        stages::act("raise").unwrap()
    }

    #[tokio::test]
    async fn a_stage_that_nobody_serves_is_unavailable_after_the_time_of_a_restart() {
        let nats = TestNats::start_bare().await;
        let api = nats.connect(Principal::Api).await;
        let began = Instant::now();
        let refusal = ask(&api, raise(), Bytes::new()).await.unwrap_err();
        assert_eq!(refusal.code, Code::Unavailable, "{}", refusal.en);
        assert!(began.elapsed() < STAGE / 2, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_stage_that_comes_back_meanwhile_answers() {
        let nats = TestNats::start_bare().await;
        let (api, intake) = (nats.connect(Principal::Api).await, nats.connect(Principal::Intake).await);
        let answering = async {
            let mut asked = intake.queue_subscribe(&command_subject(raise()), "intake").await.unwrap();
            let message = asked.next().await.unwrap();
            intake.publish(message.reply().unwrap(), Bytes::from_static(b"here")).await.unwrap();
        };
        let (answer, ()) = tokio::join!(ask(&api, raise(), Bytes::new()), answering);
        assert_eq!(answer.unwrap().payload().as_ref(), b"here");
    }
}
