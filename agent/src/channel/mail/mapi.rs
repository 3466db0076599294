//! Simple MAPI: how a program on Windows opens the mail program with a letter
//! ([MAPISendMailW](https://learn.microsoft.com/windows/win32/api/mapi/nc-mapi-mapisendmailw)).
//!
//! Deskhand does not run on Windows yet. This is compiled there and in every test, so that it
//! stays right until it does; the letter with its link goes through memory, not through a
//! command line.
#![allow(unsafe_code, reason = "Windows' own interface, in C")]

use std::{io, path::Path, ptr};

use windows_sys::Win32::System::{
    LibraryLoader::{GetProcAddress, LoadLibraryW},
    Mapi::{
        LPMAPISENDMAILW, MAPI_DIALOG, MAPI_E_USER_ABORT, MAPI_LOGON_UI, MAPI_TO, MapiFileDescW,
        MapiMessageW, MapiRecipDescW,
    },
};

use super::{Letter, MailError, Opened};

const SUCCESS: u32 = 0;
/// Not at a place in the text.
const NO_POSITION: u32 = u32::MAX;

/// `MAPISendMailW`, wherever it comes from.
type SendMail = unsafe extern "system" fn(usize, usize, *const MapiMessageW, u32, u32) -> u32;

/// Opens the mail program; returns when the novice has sent the letter or given it up.
pub(super) fn open(letter: &Letter) -> Result<Opened, MailError> {
    match find() {
        Some(send) => open_with(send, letter),
        None => Err(MailError::NoProgram),
    }
}

fn find() -> Option<SendMail> {
    // SAFETY: both names are constant and end with a zero.
    let found = unsafe {
        let library = LoadLibraryW(windows_sys::w!("mapi32.dll"));
        if library.is_null() {
            return None;
        }
        GetProcAddress(library, windows_sys::s!("MAPISendMailW"))
    };
    // SAFETY: by this name the library exports a function of this very type.
    unsafe { std::mem::transmute::<_, LPMAPISENDMAILW>(found) }
}

fn open_with(send: SendMail, letter: &Letter) -> Result<Opened, MailError> {
    let mut subject = wide(&letter.subject);
    let mut text = wide(&letter.text);
    let mut path = wide(plain(&letter.attachment)?);
    let mut address = letter.to.as_deref().map(|to| wide(&format!("SMTP:{to}")));
    let mut name = letter.to.as_deref().map(wide);
    let mut file = MapiFileDescW {
        nPosition: NO_POSITION,
        lpszPathName: path.as_mut_ptr(),
        ..MapiFileDescW::default()
    };
    let mut recipient = MapiRecipDescW {
        ulRecipClass: MAPI_TO,
        lpszName: pointer(name.as_mut()),
        lpszAddress: pointer(address.as_mut()),
        ..MapiRecipDescW::default()
    };
    let message = MapiMessageW {
        lpszSubject: subject.as_mut_ptr(),
        lpszNoteText: text.as_mut_ptr(),
        nRecipCount: u32::from(letter.to.is_some()),
        lpRecips: &raw mut recipient,
        nFileCount: 1,
        lpFiles: &raw mut file,
        ..MapiMessageW::default()
    };
    // SAFETY: every pointer in the message leads to one of the values above, which live until
    // the call returns; every text ends with a zero.
    let said = unsafe { send(0, 0, &raw const message, MAPI_DIALOG | MAPI_LOGON_UI, 0) };
    match said {
        SUCCESS => Ok(Opened::Program {
            attachment: letter.attachment.clone(),
        }),
        MAPI_E_USER_ABORT => Err(MailError::Cancelled),
        code => Err(MailError::Program {
            program: "MAPI",
            why: format!("with code {code}"),
        }),
    }
}

/// MAPI takes text, and a path that is none cannot be attached.
fn plain(path: &Path) -> Result<&str, MailError> {
    path.to_str().ok_or_else(|| MailError::Attachment {
        path: path.to_owned(),
        error: io::ErrorKind::InvalidFilename.into(),
    })
}

/// In UTF-16, with a zero at its end.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn pointer(text: Option<&mut Vec<u16>>) -> *mut u16 {
    text.map_or(ptr::null_mut(), Vec::as_mut_ptr)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What the mail program was handed.
    static HANDED: Mutex<Vec<String>> = Mutex::new(vec![]);

    unsafe fn read(text: *const u16) -> String {
        // SAFETY: the caller's texts end with a zero.
        unsafe {
            let mut length = 0;
            while *text.add(length) != 0 {
                length += 1;
            }
            String::from_utf16_lossy(std::slice::from_raw_parts(text, length))
        }
    }

    /// A mail program that keeps what it is handed and sends it.
    unsafe extern "system" fn keeps(
        _: usize,
        _: usize,
        message: *const MapiMessageW,
        flags: u32,
        _: u32,
    ) -> u32 {
        assert_eq!(flags, MAPI_DIALOG | MAPI_LOGON_UI, "the novice sees it");
        // SAFETY: the message is whole, as a real mail program may expect.
        let handed = unsafe {
            let message = &*message;
            assert_eq!((message.nRecipCount, message.nFileCount), (1, 1));
            let (to, file) = (&*message.lpRecips, &*message.lpFiles);
            vec![
                read(message.lpszSubject),
                read(message.lpszNoteText),
                read(to.lpszAddress),
                read(file.lpszPathName),
            ]
        };
        HANDED.lock().unwrap().extend(handed);
        SUCCESS
    }

    unsafe extern "system" fn gives_up(
        _: usize,
        _: usize,
        _: *const MapiMessageW,
        _: u32,
        _: u32,
    ) -> u32 {
        MAPI_E_USER_ABORT
    }

    fn letter() -> Letter {
        Letter {
            to: Some("maria@example.org".into()),
            subject: "Können Sie helfen?".into(),
            text: "Please open https://h.example/#1".into(),
            plain: String::new(),
            bare: String::new(),
            attachment: "/home/ada/Help for Zoë.html".into(),
        }
    }

    #[test]
    fn the_whole_letter_reaches_the_mail_program() {
        let opened = open_with(keeps, &letter()).unwrap();
        assert!(matches!(opened, Opened::Program { .. }));
        assert_eq!(
            *HANDED.lock().unwrap(),
            [
                "Können Sie helfen?",
                "Please open https://h.example/#1",
                "SMTP:maria@example.org",
                "/home/ada/Help for Zoë.html"
            ]
        );
    }

    #[test]
    fn who_closes_the_letter_has_not_sent_it() {
        let opened = open_with(gives_up, &letter());
        assert!(matches!(opened, Err(MailError::Cancelled)));
    }
}
