//! Which sources this module was built from, readable without loading it.

const NAME: &str = "rustybt-source:rustybt._rustybt=";

const FINGERPRINT: &str = match option_env!("RUSTYBT_FINGERPRINT") {
    Some(fingerprint) if !fingerprint.is_empty() => fingerprint,
    _ => "unset",
};

const LENGTH: usize = NAME.len() + FINGERPRINT.len() + 1;

const fn marker() -> [u8; LENGTH] {
    let mut bytes = [b';'; LENGTH];
    let mut index = 0;
    while index < NAME.len() {
        bytes[index] = NAME.as_bytes()[index];
        index += 1;
    }
    while index < LENGTH - 1 {
        bytes[index] = FINGERPRINT.as_bytes()[index - NAME.len()];
        index += 1;
    }
    bytes
}

#[used]
#[unsafe(no_mangle)]
pub static RUSTYBT_SOURCE_RUSTYBT: [u8; LENGTH] = marker();
