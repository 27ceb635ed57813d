//! One-time codes by the clock (RFC 6238): six digits, thirty seconds, one step early or late.

use bus::identity::Secret;
use data_encoding::BASE32_NOPAD;
use events::Timestamp;
use totp_rs::{Algorithm, Builder, Totp};

use crate::records::SecondFactor;

/// A new secret of 160 bits, in base 32.
pub(crate) fn new_secret() -> String {
    let bits: [u8; 20] = rand::random();
    BASE32_NOPAD.encode(&bits)
}

/// The step of a code that is right now and was not taken yet.
pub(crate) fn step(secret: &str, code: &Secret, now: Timestamp) -> Option<u64> {
    let seconds = u64::try_from(now.timestamp()).ok()?;
    totp(secret)?.check(code.0.trim(), seconds)
}

/// The step of a code that is right now and newer than the last that was taken.
pub(crate) fn next_step(of: &SecondFactor, code: &Secret, now: Timestamp) -> Option<u64> {
    step(&of.secret, code, now).filter(|step| *step > of.last_step)
}

fn totp(secret: &str) -> Option<Totp> {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let built =
        Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(30);
    built.with_secret(secret).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn code(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// The secret of the vectors of RFC 6238, appendix B; there with eight digits, of which the last six are ours.
    fn of_the_standard() -> String {
        BASE32_NOPAD.encode(b"12345678901234567890")
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (seconds, digits) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert!(step(&of_the_standard(), &code(digits), at(seconds)).is_some(), "{seconds}");
            assert!(step(&of_the_standard(), &code(digits), at(seconds + 120)).is_none(), "{seconds}");
        }
        assert!(step(&of_the_standard(), &code("000000"), at(59)).is_none());
    }

    #[test]
    fn no_code_is_taken_twice() {
        let now = at(1_111_111_109);
        let taken = step(&of_the_standard(), &code("081804"), now).unwrap();
        let fresh = SecondFactor { secret: of_the_standard(), last_step: taken - 1 };
        assert_eq!(next_step(&fresh, &code("081804"), now), Some(taken));
        let used = SecondFactor { last_step: taken, ..fresh };
        assert_eq!(next_step(&used, &code("081804"), now), None);
    }

    #[test]
    fn a_secret_is_another_one_each_time() {
        assert_eq!(new_secret().len(), 32);
        assert_ne!(new_secret(), new_secret());
        assert!(totp(&new_secret()).is_some());
    }
}
