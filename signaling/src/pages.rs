//! The pages that the server writes itself.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use crate::{downloads::Offer, origin::Origin};

/// The style of these pages.
pub(crate) const STYLE: &str = include_str!("../static/pages.css");

/// What Deskhand is, for somebody who comes without an invitation.
#[derive(Template)]
#[template(path = "about.html")]
struct About {
    version: &'static str,
    /// Whether `/get` offers anything.
    downloads: bool,
}

/// The programs for people who need help.
#[derive(Template)]
#[template(path = "get.html")]
struct Get<'a> {
    offers: &'a [Offer],
    server: &'a Origin,
}

/// Something went wrong, and what to do about it.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice {
    title: &'static str,
    text: &'static str,
    /// To be typed into a terminal.
    command: Option<&'static str>,
}

pub(crate) fn about(downloads: bool) -> Response {
    let page = About {
        version: env!("CARGO_PKG_VERSION"),
        downloads,
    };
    show(StatusCode::OK, &page)
}

pub(crate) fn get(offers: &[Offer], server: &Origin) -> Response {
    if offers.is_empty() {
        return no_downloads();
    }
    show(StatusCode::OK, &Get { offers, server })
}

pub(crate) fn no_downloads() -> Response {
    let page = Notice {
        title: "There is nothing to download here",
        text: "Whoever runs this server has put no programs here. Ask them where to get \
               Deskhand for your computer.",
        command: None,
    };
    show(StatusCode::NOT_FOUND, &page)
}

pub(crate) fn not_built() -> Response {
    let page = Notice {
        title: "The page was not built",
        text: "This server was compiled without the helper’s page. Build the page, then \
               compile the server again:",
        command: Some("cargo xtask bundle"),
    };
    show(StatusCode::SERVICE_UNAVAILABLE, &page)
}

pub(crate) fn not_found() -> Response {
    let page = Notice {
        title: "There is nothing here",
        text: "The address may have been cut short or mistyped. An invitation looks like \
               https://…/#1.… and has to be opened whole.",
        command: None,
    };
    show(StatusCode::NOT_FOUND, &page)
}

pub(crate) fn style() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    let keep = HeaderValue::from_static("no-cache");
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)],
        STYLE,
    )
        .into_response()
}

fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        // Our templates write into a string, which does not fail.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
