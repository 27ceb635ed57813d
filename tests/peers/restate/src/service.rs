//! The virtual object `Case`: one handler for each act, one key of its state for each fact. A handler bears the name
//! of its act with `_` for `-`, which Restate does not allow there.

use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::case::{self, Act, State};

/// The key of the folded case.
const CASE: &str = "case";

/// A case, by its id.
pub struct Cases;

/// The body of an act, as it came.
type Body = Json<Box<RawValue>>;

/// What the caller is told.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    version: u32,
    state: State,
}

/// What is kept of an act.
#[derive(Serialize)]
struct Fact {
    version: u32,
    act: Act,
    data: Box<RawValue>,
}

/// The answer of a handler, unless it refuses.
type Said = Json<Answer>;

#[object(name = "Case")]
impl Cases {
    #[handler]
    async fn raise(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::Raise, body).await
    }

    #[handler]
    async fn submit_written_confirmation(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::SubmitWrittenConfirmation, body).await
    }

    #[handler]
    async fn compare_written(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::CompareWritten, body).await
    }

    #[handler]
    async fn acknowledge(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::Acknowledge, body).await
    }

    #[handler]
    async fn record_position(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::RecordPosition, body).await
    }

    #[handler]
    async fn file_statement(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::FileStatement, body).await
    }

    #[handler]
    async fn submit_dossier(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::SubmitDossier, body).await
    }

    #[handler]
    async fn record_directive(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::RecordDirective, body).await
    }

    #[handler]
    async fn acknowledge_directive(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::AcknowledgeDirective, body).await
    }

    #[handler]
    async fn report_implementation(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::ReportImplementation, body).await
    }

    #[handler]
    async fn accept_implementation(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::AcceptImplementation, body).await
    }

    #[handler]
    async fn propose_closure(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::ProposeClosure, body).await
    }

    #[handler]
    async fn confirm_closure(&self, ctx: ObjectContext<'_>, body: Body) -> HandlerResult<Said> {
        carry_out(&ctx, Act::ConfirmClosure, body).await
    }
}

/// Load, decide, write: the same for every act. A refusal is terminal, so that it is not tried again.
async fn carry_out(ctx: &ObjectContext<'_>, act: Act, Json(data): Body) -> HandlerResult<Said> {
    let before = ctx.get::<Json<case::Case>>(CASE).await?.map(Json::into_inner);
    let after = case::decide(before, act, data.get())
        .map_err(|refusal| TerminalError::new_with_code(refusal.status(), refusal.code()))?;
    let (version, state) = (after.version, after.state);
    ctx.set(&format!("fact/{version:04}"), Json(Fact { version, act, data }));
    ctx.set(CASE, Json(after));
    Ok(Json(Answer { version, state }))
}
