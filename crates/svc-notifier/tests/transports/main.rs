//! The two ways out, against servers that behave and servers that do not.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta};
use svc_notifier::letter::Letter;
use svc_notifier::transport::smtp::{Config, Tls};

mod aiosmtpd;
mod folder;
mod postfix;
mod smtp;

/// A Vietnamese letter, one for each number.
fn letter(number: u32) -> Letter {
    Letter {
        message_id: format!("0198f2a0-0000-5000-8000-{number:012}@dieuphoi.example"),
        thread: "0198f2a0-ffff-5000-8000-000000000001@dieuphoi.example".into(),
        from: "Hệ thống phối hợp <khong-tra-loi@dieuphoi.example>".into(),
        to: format!("van-phong-{number}@cang.example"),
        subject: format!("[HỎA TỐC] VV-2026-{number:06} – Tiếp nhận vụ việc qua điện thoại"),
        text: "Kính gửi: Chánh Văn phòng,\n\nHệ thống đã ghi nhận một vụ việc.\n.\nTrân trọng./.\n".into(),
        date: DateTime::UNIX_EPOCH + TimeDelta::seconds(1_783_998_245),
        express: true,
    }
}

/// To a server on this machine, with the time-out in seconds.
fn config(address: SocketAddr, timeout_seconds: f64) -> Config {
    Config {
        host: address.ip().to_string(),
        port: address.port(),
        tls: Tls::None,
        allow_plaintext: false,
        ca_file: None,
        username: None,
        password: None,
        password_file: None,
        hello: None,
        from: "bounce@dieuphoi.example".into(),
        own_addresses: false,
        timeout_seconds,
        mails_per_line: NonZeroU32::MAX,
        idle_seconds: 60.0,
    }
}
