//! What an officer asks about his own account: his sessions and tokens, his password, one-time codes.

use bus::{
    access::What,
    identity::{Answer, CredentialKind, Listed, Secret, Wish},
};
use domain::{Code, Refusal, Role};
use events::{OfficerId, Timestamp};
use service::Clock;
use uuid::Uuid;

use crate::{
    desk::{Desk, Own, unavailable},
    passwords,
    records::{Account, SecondFactor, Session, Token},
    secrets::{self, Kind},
    totp,
    vault::{VaultError, of, of_account},
};

impl Desk {
    /// What an officer asks about his own account.
    pub(crate) async fn own(&self, secret: &Secret, wish: Wish) -> Result<Answer, VaultError> {
        let now = Clock::System.now();
        if secrets::kind(secret) == Kind::Token {
            return Ok(Answer::Refused(Refusal::not_authorised(
                "Việc này cần phiên đăng nhập của người, không dùng mã truy cập của phần mềm.",
                "This needs a session of a person, not the token of a program: sign in.",
            )));
        }
        let Some(own) = self.session(secret, now).await? else { return Ok(Answer::Unknown) };
        match wish {
            Wish::ChangePassword { old, new } => self.change_password(&own, &old, &new, now).await,
            Wish::End { id } if id.is_none_or(|id| id == own.session.id) => {
                self.end(&own, own.session.id, now).await
            }
            _ if own.session.must_change => Ok(Answer::MustChangePassword),
            Wish::List => Ok(Answer::Listed(self.of(&own.officer).await?)),
            Wish::End { id } => self.end(&own, id.unwrap_or(own.session.id), now).await,
            Wish::BeginSecondFactor => {
                let secret = totp::new_secret();
                let offered = Some(secret.clone());
                let change = |account: &mut Account| {
                    account.offered.clone_from(&offered);
                    true
                };
                self.vault.change(&of_account(&own.officer), change).await?;
                Ok(Answer::SecondFactor { secret: Secret(secret) })
            }
            Wish::ConfirmSecondFactor { code } => self.confirm_second_factor(&own, &code, now).await,
        }
    }

    /// The sessions and tokens of an officer, the newest first.
    async fn of(&self, officer: &OfficerId) -> Result<Vec<Listed>, VaultError> {
        let sessions = self.vault.all::<Session>().await?.into_iter().filter(|each| each.officer == *officer);
        let tokens = self.vault.all::<Token>().await?.into_iter().filter(|each| each.officer == *officer);
        let mut all: Vec<_> = sessions.map(listed_session).chain(tokens.map(listed_token)).collect();
        all.sort_by_key(|each| std::cmp::Reverse(each.since));
        Ok(all)
    }

    async fn end(&self, own: &Own, id: Uuid, now: Timestamp) -> Result<Answer, VaultError> {
        let is_administrator = self
            .chassis
            .policy()
            .organisation
            .person(&own.officer, self.chassis.clock.now())
            .is_some_and(|person| person.role == Role::Ad);
        let may = |whose: &OfficerId| *whose == own.officer || is_administrator;
        let session = self
            .vault
            .change::<Session>(&of::<Session>(id), |session| {
                may(&session.officer) && session.ended.replace(now).is_none()
            })
            .await?;
        let token = self
            .vault
            .change::<Token>(&of::<Token>(id), |token| {
                may(&token.officer) && token.revoked.replace(now).is_none()
            })
            .await?;
        let by = own.officer.clone();
        if let Some(session) = &session {
            self.vault.record(&session.officer, Some(id), What::SessionEnded { by }, now).await?;
        } else if let Some(token) = &token {
            let what = What::TokenRevoked { by: Some(by) };
            self.vault.record(&token.officer, Some(id), what, now).await?;
        } else {
            return Ok(Answer::Refused(Refusal::not_found()));
        }
        self.vault.tell_ended(id).await;
        Ok(Answer::Done)
    }

    async fn change_password(
        &self,
        own: &Own,
        old: &Secret,
        new: &Secret,
        now: Timestamp,
    ) -> Result<Answer, VaultError> {
        let key = of_account(&own.officer);
        let Some((account, _)) = self.vault.read::<Account>(&key).await? else { return Ok(Answer::Unknown) };
        if let Some(until) = account.locked_until
            && now < until
        {
            return Ok(Answer::LockedUntil(until));
        }
        if let Err(refusal) = passwords::accept(new, &own.officer) {
            return Ok(Answer::Refused(refusal));
        }
        let hashed = async {
            if passwords::is_right(old, Some(&account.password)).await? {
                passwords::hash(new).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let hashed: Option<String> = match hashed.await {
            Ok(hashed) => hashed,
            Err(reason) => {
                let reason: String = reason;
                return Ok(Answer::Refused(unavailable(&reason)));
            }
        };
        let Some(hashed) = hashed else {
            return Ok(match self.failed(&own.officer, now).await? {
                Answer::Unknown => Answer::Refused(
                    Refusal::new(
                        Code::InvalidData,
                        "Mật khẩu cũ không đúng.",
                        "The old password is not right.",
                    )
                    .at("old"),
                ),
                locked => locked,
            });
        };
        self.vault
            .change::<Account>(&key, |account| {
                account.password.clone_from(&hashed);
                account.must_change = false;
                true
            })
            .await?;
        self.vault
            .change::<Session>(&of::<Session>(own.session.id), |session| {
                std::mem::take(&mut session.must_change)
            })
            .await?;
        // Whoever else knew the old one is out.
        for session in self.vault.all::<Session>().await? {
            let others = session.officer == own.officer && session.id != own.session.id;
            if others && session.counts(now, self.idle()) {
                let end = |session: &mut Session| session.ended.replace(now).is_none();
                self.vault.change::<Session>(&of::<Session>(session.id), end).await?;
                self.vault.tell_ended(session.id).await;
            }
        }
        self.vault.record(&own.officer, Some(own.session.id), What::PasswordChanged, now).await?;
        Ok(Answer::Done)
    }

    async fn confirm_second_factor(
        &self,
        own: &Own,
        code: &Secret,
        now: Timestamp,
    ) -> Result<Answer, VaultError> {
        let confirmed = self
            .vault
            .change::<Account>(&of_account(&own.officer), |account| {
                let Some(secret) = account.offered.clone() else { return false };
                let Some(step) = totp::step(&secret, code, now) else { return false };
                account.second_factor = Some(SecondFactor { secret, last_step: step });
                account.offered = None;
                true
            })
            .await?;
        if confirmed.is_none() {
            return Ok(Answer::Refused(
                Refusal::new(
                    Code::InvalidData,
                    "Mã một lần không đúng hoặc chưa xin mã bí mật; đề nghị thử lại với mã mới nhất.",
                    "That one-time code is not right, or no secret was asked for: try again with the newest code.",
                )
                .at("code"),
            ));
        }
        self.vault.record(&own.officer, Some(own.session.id), What::SecondFactorSet, now).await?;
        Ok(Answer::Done)
    }
}

fn listed_session(session: Session) -> Listed {
    Listed {
        id: session.id,
        kind: CredentialKind::Session,
        officer: session.officer,
        name: None,
        agency: None,
        acts: None,
        since: session.since,
        used: Some(session.used),
        ends: Some(session.ends),
        ended: session.ended,
    }
}

pub(crate) fn listed_token(token: Token) -> Listed {
    Listed {
        id: token.id,
        kind: CredentialKind::Token,
        officer: token.officer,
        name: Some(token.name),
        agency: token.agency,
        acts: token.acts,
        since: token.since,
        used: None,
        ends: token.ends,
        ended: token.revoked,
    }
}
