//! Passwords: argon2id, few at a time; what may be one.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use bus::identity::Secret;
use domain::{Code, Refusal};
use events::OfficerId;
use tokio::sync::Semaphore;

/// The fewest characters of a password, and the most.
const SHORTEST: usize = 12;
const LONGEST: usize = 128;

/// Each takes 19 MiB and some hundredths of a second: so many at a time, so that nobody can fill the machine.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Words that everybody tries first.
const GUESSED: [&str; 12] = [
    "password", "matkhau", "123456", "qwerty", "abc123", "iloveyou", "admin", "concord", "welcome",
    "letmein", "111111", "vietnam",
];

/// Hashes a password.
pub(crate) async fn hash(password: &Secret) -> Result<String, String> {
    let password = password.clone();
    off_the_way(move || {
        let hashed = Argon2::default().hash_password(password.0.as_bytes());
        hashed.map(|hash| hash.to_string()).map_err(|error| error.to_string())
    })
    .await?
}

/// Whether a password is the one that was hashed. Where there is no account it takes as long.
pub(crate) async fn is_right(password: &Secret, hash: Option<&str>) -> Result<bool, String> {
    let (password, hash) = (password.clone(), hash.map(str::to_owned));
    off_the_way(move || {
        let Some(hash) = hash else {
            let _as_long = Argon2::default().hash_password(password.0.as_bytes());
            return Ok(false);
        };
        let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
        Ok(Argon2::default().verify_password(password.0.as_bytes(), &hash).is_ok())
    })
    .await?
}

async fn off_the_way<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let _place = PLACES.acquire().await.map_err(|error| error.to_string())?;
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
}

/// Refuses what is too short, or guessed first. Nothing is asked about kinds of characters: length is what counts.
pub(crate) fn accept(password: &Secret, officer: &OfficerId) -> Result<(), Refusal> {
    let length = password.0.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(refused(
            format!("Mật khẩu phải có từ {SHORTEST} đến {LONGEST} ký tự; một câu dễ nhớ là tốt nhất."),
            format!(
                "A password has {SHORTEST} to {LONGEST} characters: a sentence that you remember is best."
            ),
        ));
    }
    let plain = password.0.to_lowercase().replace([' ', '.', '-', '_', '@'], "");
    let own = officer.as_str().replace(['.', '-'], "");
    let rest = |word: &str| plain.contains(word) && plain.replace(word, "").chars().count() < SHORTEST / 2;
    if rest(&own) || GUESSED.iter().any(|word| rest(word)) {
        return Err(refused(
            "Mật khẩu quá dễ đoán; đề nghị chọn mật khẩu khác.".to_owned(),
            "That password is guessed too easily: choose another one.".to_owned(),
        ));
    }
    Ok(())
}

fn refused(vi: String, en: String) -> Refusal {
    Refusal::new(Code::InvalidData, vi, en).at("new")
}

/// A first password, to be handed over and changed: 20 letters and digits that are not mistaken for each other.
pub(crate) fn first() -> Secret {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let letter = || char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    let groups: Vec<String> = (0..4).map(|_| (0..5).map(|_| letter()).collect()).collect();
    Secret(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let hashed = hash(&secret("ngày mai trời lại sáng")).await.unwrap();
        assert!(hashed.starts_with("$argon2id$"), "{hashed}");
        assert_eq!(is_right(&secret("ngày mai trời lại sáng"), Some(&hashed)).await, Ok(true));
        assert_eq!(is_right(&secret("ngày mai trời sáng lại"), Some(&hashed)).await, Ok(false));
        assert_eq!(is_right(&secret("ngày mai trời lại sáng"), None).await, Ok(false));
        assert!(is_right(&secret("x"), Some("nonsense")).await.is_err());
    }

    #[test]
    fn what_is_short_or_guessed_first_is_no_password() {
        let officer = OfficerId::from("btg.lanh-dao");
        let long = "x".repeat(LONGEST + 1);
        for wrong in ["", "ngắn quá", "Password1234", "Mat-Khau 12345", "btg.lanh-dao.12", long.as_str()] {
            assert!(accept(&secret(wrong), &officer).is_err(), "{wrong}");
        }
        for right in ["ngày mai trời lại sáng", "bốn con ngựa gầy", first().0.as_str()] {
            assert!(accept(&secret(right), &officer).is_ok(), "{right}");
        }
    }
}
