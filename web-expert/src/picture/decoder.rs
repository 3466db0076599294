//! The browser's own video decoders (<https://www.w3.org/TR/webcodecs/>).

use deskhand_protocol::picture::{Area, Codec, Codecs};
use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, Window};

use crate::js;

#[wasm_bindgen]
extern "C" {
    #[derive(Debug)]
    type VideoDecoder;
    #[wasm_bindgen(constructor, catch)]
    fn new(init: &Object) -> Result<VideoDecoder, JsValue>;
    #[wasm_bindgen(static_method_of = VideoDecoder, catch, js_name = isConfigSupported)]
    fn is_config_supported(config: &Object) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn configure(this: &VideoDecoder, config: &Object) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn decode(this: &VideoDecoder, chunk: &EncodedVideoChunk) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &VideoDecoder) -> Result<(), JsValue>;

    type EncodedVideoChunk;
    #[wasm_bindgen(constructor, catch)]
    fn new(init: &Object) -> Result<EncodedVideoChunk, JsValue>;

    #[derive(Debug)]
    type VideoFrame;
    /// Another view of the same pixels.
    #[wasm_bindgen(constructor, catch)]
    fn of(frame: &VideoFrame, init: &Object) -> Result<VideoFrame, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn timestamp(this: &VideoFrame) -> f64;
    #[wasm_bindgen(method)]
    fn close(this: &VideoFrame);

    #[wasm_bindgen(extends = CanvasRenderingContext2d)]
    type FramePainter;
    #[wasm_bindgen(method, catch, js_name = drawImage)]
    fn draw_frame(this: &FramePainter, frame: &VideoFrame, x: f64, y: f64) -> Result<(), JsValue>;
}

/// Whether this browser lets a page decode.
pub fn is_possible(window: &Window) -> bool {
    js::has_function(window, "VideoDecoder")
}

/// Which codecs this browser decodes.
pub async fn supported() -> Codecs {
    let mut codecs = vec![];
    for codec in [Codec::Vp9, Codec::Av1] {
        if is_supported(codec).await.unwrap_or(false) {
            codecs.push(codec);
        }
    }
    codecs.into_iter().collect()
}

async fn is_supported(codec: Codec) -> Result<bool, JsValue> {
    let asked = VideoDecoder::is_config_supported(&config(codec)?)?;
    let answer = JsFuture::from(asked).await?;
    Ok(Reflect::get(&answer, &"supported".into())?.is_truthy())
}

fn config(codec: Codec) -> Result<Object, JsValue> {
    // The main profile of each, eight bits, at a level that takes 4096 x 2176 pixels.
    let name = match codec {
        Codec::Vp9 => "vp09.00.51.08",
        Codec::Av1 => "av01.0.13M.08",
    };
    object(&[
        ("codec", &name.into()),
        ("optimizeForLatency", &true.into()),
    ])
}

/// A decoded picture.
#[derive(Debug)]
pub struct Frame(VideoFrame);

impl Frame {
    /// Paints a part of it, of even sides, with the upper left corner of that part at `at`. The
    /// browser converts what it paints each time, so it is given no more than this part.
    ///
    /// # Errors
    /// The browser's own.
    pub fn paint(
        &self,
        context: &CanvasRenderingContext2d,
        part: Area,
        at: (u16, u16),
    ) -> Result<(), JsValue> {
        let rect = object(&[
            ("x", &part.x.into()),
            ("y", &part.y.into()),
            ("width", &part.width.into()),
            ("height", &part.height.into()),
        ])?;
        let part = Self(VideoFrame::of(
            &self.0,
            &object(&[("visibleRect", &rect)])?,
        )?);
        context
            .unchecked_ref::<FramePainter>()
            .draw_frame(&part.0, at.0.into(), at.1.into())
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // Decoders have only a few, and wait for them.
        self.0.close();
    }
}

/// Why a decoder cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The browser took it away, since it was idle, and gives another.
    Reclaimed,
    /// It does not work here.
    Broken,
}

impl Fault {
    /// What an exception means; see <https://www.w3.org/TR/webcodecs/#resource-reclamation>.
    fn of(error: &JsValue) -> Self {
        let name = Reflect::get(error, &"name".into()).unwrap_or_default();
        if name == "QuotaExceededError" {
            Self::Reclaimed
        } else {
            Self::Broken
        }
    }
}

/// Decodes one stream.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    inner: VideoDecoder,
    _on_frame: Closure<dyn Fn(VideoFrame)>,
    _error: Closure<dyn Fn(JsValue)>,
}

impl Decoder {
    /// Calls `on_frame` with the number and the picture of everything that was decoded, and
    /// `on_error` if it cannot go on.
    ///
    /// # Errors
    /// The browser's own, if it knows no such codec.
    pub fn new(
        codec: Codec,
        on_frame: impl Fn(u32, Frame) + 'static,
        on_error: impl Fn(Fault) + 'static,
    ) -> Result<Self, JsValue> {
        let frame = Closure::<dyn Fn(VideoFrame)>::new(move |frame: VideoFrame| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was a u32"
            )]
            let seq = frame.timestamp() as u32;
            on_frame(seq, Frame(frame));
        });
        let error = Closure::<dyn Fn(JsValue)>::new(move |error| on_error(Fault::of(&error)));
        let decoder = VideoDecoder::new(&object(&[
            ("output", frame.as_ref()),
            ("error", error.as_ref()),
        ])?)?;
        decoder.configure(&config(codec)?)?;
        Ok(Self {
            codec,
            inner: decoder,
            _on_frame: frame,
            _error: error,
        })
    }

    /// Whether it is one for this codec.
    pub fn decodes(&self, codec: Codec) -> bool {
        self.codec == codec
    }

    /// Begins to decode a picture.
    pub fn decode(&self, seq: u32, key: bool, data: &[u8]) -> Result<(), JsValue> {
        let chunk = EncodedVideoChunk::new(&object(&[
            ("type", &(if key { "key" } else { "delta" }).into()),
            ("timestamp", &f64::from(seq).into()),
            ("data", &Uint8Array::from(data)),
        ])?)?;
        self.inner.decode(&chunk)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // One that has failed is closed already.
        self.inner.close().ok();
    }
}

fn object(members: &[(&str, &JsValue)]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object)
}
