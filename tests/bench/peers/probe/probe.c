/* probe WORKLOAD LOGFILE SEED: draws a fixed desktop, one workload, and two patches of 64 x 64
 * pixels that a program can read in the expert's picture:
 *   E, the number of an event: steps on a timer of 300 to 700 ms, and at once on every key and
 *      every button that is pressed;
 *   F, the number of the workload's frame.
 * A patch is 4 x 4 cells, black or white: eleven bits of the number and five that check them. So
 * whoever sees a patch knows which change it is, and a patch that is half painted is none.
 *
 * Lines of the log, in microseconds of CLOCK_REALTIME:
 *   E NUMBER CAUSE BEFORE AFTER   t: timer, k: key, b: button; before drawing, after XSync
 *   F NUMBER AFTER
 *   S start|frozen AT
 * SIGUSR1 stops all motion for good, SIGTERM ends.
 */
#define _GNU_SOURCE
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/Xatom.h>
#include <X11/extensions/XShm.h>
#include <X11/Xft/Xft.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { W = 1920, H = 1080, CELL = 16, PATCH = 64, EX = 1808, FX = 1728, PY = 40 };
static Display *d;
static Window win, dragwin;
static GC gc;
static XftFont *mono, *sans;
static XftColor c_dark, c_light, c_green, c_blue;
static FILE *lg;
static volatile sig_atomic_t freeze_req, quit_req;
static uint32_t rs = 1;
static uint32_t rnd(void) {
  rs ^= rs << 13;
  rs ^= rs >> 17;
  rs ^= rs << 5;
  return rs;
}
static int64_t now_us(clockid_t c) {
  struct timespec t;
  clock_gettime(c, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}
#define WALL() now_us(CLOCK_REALTIME)
#define MONO() now_us(CLOCK_MONOTONIC)
static void on_usr1(int s) {
  (void)s;
  freeze_req = 1;
}
static void on_term(int s) {
  (void)s;
  quit_req = 1;
}

static const char *words[] = {
    "remote",  "desktop", "frame",  "latency", "window", "a",     "the",    "of",    "stream",
    "pixel",   "change",  "cursor", "scroll",  "buffer", "while", "return", "const", "network",
    "(x + 1)", "= 0;",    "viewer", "encode",  "sharp",  "text",  "quick",  "brown", "fox",
    "jumps",   "over",    "lazy",   "dog",     "{",      "}",     "if"};
static void words_line(char *out, int cols) {
  int n = 0;
  int indent = rnd() % 3 * 4;
  while (n < indent) out[n++] = ' ';
  for (;;) {
    const char *w = words[rnd() % (sizeof words / sizeof *words)];
    int l = strlen(w);
    if (n + l + 1 > cols) break;
    memcpy(out + n, w, l);
    n += l;
    out[n++] = ' ';
    if (rnd() % 14 == 0) break;
  }
  out[n] = 0;
}
static unsigned rgb(int r, int g, int b) { return (unsigned)(r << 16 | g << 8 | b); }
static int clamp(int c) { return c < 0 ? 0 : c > 255 ? 255 : c; }
static void fill(Drawable w, unsigned c, int x, int y, int ww, int h) {
  XSetForeground(d, gc, c);
  XFillRectangle(d, w, gc, x, y, ww, h);
}
static XftColor mk(int r, int g, int b) {
  XftColor c;
  XRenderColor rc = {r * 257, g * 257, b * 257, 65535};
  XftColorAllocValue(d, DefaultVisual(d, 0), DefaultColormap(d, 0), &rc, &c);
  return c;
}

static void patch(int px, unsigned seq) {
  XRectangle b[16], w[16];
  int nb = 0, nw = 0;
  unsigned s = seq & 2047;
  unsigned chk = ((s ^ (s >> 5) ^ (s >> 10)) & 31) ^ 31, bits = s | chk << 11;
  for (int i = 0; i < 16; i++) {
    XRectangle r = {px + i % 4 * CELL, PY + i / 4 * CELL, CELL, CELL};
    if (bits >> i & 1) w[nw++] = r;
    else b[nb++] = r;
  }
  if (nb) {
    XSetForeground(d, gc, 0);
    XFillRectangles(d, win, gc, b, nb);
  }
  if (nw) {
    XSetForeground(d, gc, 0xffffff);
    XFillRectangles(d, win, gc, w, nw);
  }
}
static unsigned eseq, fseq;
static void e_toggle(char cause) {
  eseq++;
  int64_t a = WALL();
  patch(EX, eseq);
  XSync(d, False);
  fprintf(lg, "E %u %c %lld %lld\n", eseq, cause, (long long)a, (long long)WALL());
}
static void f_step(void) {
  fseq++;
  patch(FX, fseq);
  XSync(d, False);
  fprintf(lg, "F %u %lld\n", fseq, (long long)WALL());
}

/* fixed scene, drawn into a background pixmap */
static void text_block(Drawable p, int x, int y, int lines, int cols, XftFont *f, XftColor *c,
                       int step) {
  XftDraw *xd = XftDrawCreate(d, p, DefaultVisual(d, 0), DefaultColormap(d, 0));
  char s[512];
  for (int i = 0; i < lines; i++) {
    words_line(s, cols);
    XftDrawStringUtf8(xd, c, f, x, y + i * step + f->ascent, (FcChar8 *)s, strlen(s));
  }
  XftDrawDestroy(xd);
}
static void frame_win(Drawable p, int x, int y, int w, int h, unsigned bg, const char *title) {
  fill(p, rgb(60, 64, 72), x - 1, y - 29, w + 2, h + 30);
  fill(p, bg, x, y, w, h);
  fill(p, rgb(230, 80, 70), x + w - 24, y - 22, 14, 14);
  fill(p, rgb(240, 190, 60), x + w - 46, y - 22, 14, 14);
  XftDraw *xd = XftDrawCreate(d, p, DefaultVisual(d, 0), DefaultColormap(d, 0));
  XftDrawStringUtf8(xd, &c_light, sans, x + 10, y - 9, (FcChar8 *)title, strlen(title));
  XftDrawDestroy(xd);
}
static Pixmap scene(void) {
  Pixmap p = XCreatePixmap(d, win, W, H, DefaultDepth(d, 0));
  uint32_t *px = malloc((size_t)W * H * 4);
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) { /* smooth wallpaper */
      int r = 20 + 60 * y / H + (int)(12 * sin(x / 190.0)), g = 50 + 70 * x / W,
          b = 110 + 60 * (H - y) / H + (int)(10 * cos((x + y) / 240.0));
      px[y * W + x] = rgb(r, g, b);
    }
  for (int y = 0; y < 300; y++)
    for (int x = 0; x < 420; x++) { /* photo-like detail, fixed */
      double u = x / 420.0, v = y / 300.0, n = 0;
      for (int o = 1; o < 32; o *= 2)
        n += sin(o * 9.1 * u + 3 * sin(o * 5.3 * v)) * cos(o * 7.7 * v + o) / o;
      int k = (int)(60 * n);
      int r = 130 + k, g = 120 + k / 2 + (int)(40 * v), b = 90 - k / 3 + (int)(60 * u);
      px[(700 + y) * W + 1400 + x] = rgb(clamp(r), clamp(g), clamp(b));
    }
  XImage *im =
      XCreateImage(d, DefaultVisual(d, 0), DefaultDepth(d, 0), ZPixmap, 0, (char *)px, W, H, 32, 0);
  XPutImage(d, p, gc, im, 0, 0, 0, 0, W, H);
  XDestroyImage(im);
  fill(p, rgb(34, 38, 46), 0, H - 36, W, 36);
  for (int i = 0; i < 8; i++)
    fill(p, rgb(60 + 20 * i, 140 - 10 * i, 90 + 15 * i), 10 + i * 46, H - 31, 36, 26);
  frame_win(p, 1240, 180, 600, 420, rgb(250, 250, 248), "Notes");
  text_block(p, 1252, 190, 20, 68, sans, &c_dark, 20);
  frame_win(p, 60, 720, 620, 300, rgb(40, 42, 54), "main.c");
  text_block(p, 70, 726, 16, 66, mono, &c_green, 18);
  frame_win(p, 60, 80, 900, 560, rgb(24, 24, 28), "Terminal");
  text_block(p, 68, 84, 12, 96, mono, &c_light, 18);
  XRectangle q[] = {{FX - 16, PY - 16, EX - FX + PATCH + 32, PATCH + 32}};
  XSetForeground(d, gc, rgb(128, 128, 128));
  XFillRectangles(d, p, gc, q, 1);
  return p;
}

/* workloads: each draws one frame */
static XftDraw *wdraw;
static Pixmap bg;
static int tx, ty;
enum { TX0 = 68, TY0 = 84, TCOLS = 96, TROWS = 30, CH = 18 };
static int cw;
static char tline[512];
static int tn, ti;
static void typing_init(void) {
  cw = mono->max_advance_width;
  tx = 0;
  ty = 12;
  tn = ti = 0;
}
static void typing_step(void) {
  fill(win, rgb(24, 24, 28), TX0 + tx * cw, TY0 + ty * CH, cw, CH);
  if (ti >= tn) {
    if (tn) {
      tx = 0;
      ty++;
    }
    words_line(tline, TCOLS - 2);
    tn = strlen(tline);
    ti = 0;
    if (ty >= TROWS) {
      XCopyArea(d, win, win, gc, TX0, TY0 + CH, TCOLS * cw, (TROWS - 1) * CH, TX0, TY0);
      ty = TROWS - 1;
      fill(win, rgb(24, 24, 28), TX0, TY0 + ty * CH, TCOLS * cw, CH);
    }
  } else {
    if (tline[ti] != ' ')
      XftDrawStringUtf8(wdraw, &c_light, mono, TX0 + tx * cw, TY0 + ty * CH + mono->ascent,
                        (FcChar8 *)tline + ti, 1);
    ti++;
    tx++;
  }
  fill(win, rgb(220, 220, 220), TX0 + tx * cw, TY0 + ty * CH, cw, CH);
}
enum { SX = 100, SY = 130, SW = 1600, SH = 900, SL = 20 };
static Pixmap sbuf;
static XftDraw *sdraw; /* scroll: double-buffered as toolkits and browsers do; xscroll: XCopyArea in
                          the window as xterm does */
static void scroll_line(int y) {
  char s[512];
  words_line(s, 185);
  fill(sbuf ? sbuf : win, rgb(252, 252, 250), SX, y, SW, SL);
  XftDrawStringUtf8(sbuf ? sdraw : wdraw, rnd() % 7 ? &c_dark : &c_blue, mono, SX + 12,
                    y + mono->ascent, (FcChar8 *)s, strlen(s));
}
static void xscroll_init(void) {
  for (int y = SY; y + SL <= SY + SH; y += SL) scroll_line(y);
}
static void scroll_init(void) {
  sbuf = XCreatePixmap(d, win, W, H, DefaultDepth(d, 0));
  sdraw = XftDrawCreate(d, sbuf, DefaultVisual(d, 0), DefaultColormap(d, 0));
  xscroll_init();
  XCopyArea(d, sbuf, win, gc, SX, SY, SW, SH, SX, SY);
}
static void scroll_step(void) {
  Drawable t = sbuf ? sbuf : win;
  XCopyArea(d, t, t, gc, SX, SY + SL, SW, SH - SL, SX, SY);
  scroll_line(SY + SH - SL);
  if (sbuf) XCopyArea(d, sbuf, win, gc, SX, SY, SW, SH, SX, SY);
}
static void drag_init(void) {
  XSetWindowAttributes a = {0};
  a.override_redirect = True;
  dragwin = XCreateWindow(d, win, 300, 300, 640, 420, 0, CopyFromParent, InputOutput,
                          CopyFromParent, CWOverrideRedirect, &a);
  Pixmap p = XCreatePixmap(d, win, 640, 420, DefaultDepth(d, 0));
  frame_win(p, 1, 29, 638, 390, rgb(245, 245, 240), "Dragged window");
  text_block(p, 12, 36, 19, 72, sans, &c_dark, 20);
  XSetWindowBackgroundPixmap(d, dragwin, p);
  XMapRaised(d, dragwin);
}
static void drag_step(void) {
  double t = fseq / 60.0;
  XMoveWindow(d, dragwin, 640 + (int)(520 * sin(t * 0.9)), 400 + (int)(240 * sin(t * 1.3)));
}
enum { VX = 600, VY = 380, VW = 640, VH = 360 };
static XImage *vim;
static XShmSegmentInfo shm;
static unsigned char sint[1024];
static void video_init(void) {
  vim = XShmCreateImage(d, DefaultVisual(d, 0), DefaultDepth(d, 0), ZPixmap, 0, &shm, VW, VH);
  shm.shmid = shmget(IPC_PRIVATE, vim->bytes_per_line * VH, IPC_CREAT | 0600);
  shm.shmaddr = vim->data = shmat(shm.shmid, 0, 0);
  shm.readOnly = False;
  XShmAttach(d, &shm);
  XSync(d, False);
  shmctl(shm.shmid, IPC_RMID, 0);
  for (int i = 0; i < 1024; i++) sint[i] = (unsigned char)(127 + 120 * sin(i * 2 * M_PI / 1024));
}
static void video_step(void) {
  unsigned t = fseq * 11;
  int bx = 80 + (int)(200 * (1 + sin(fseq * 0.05))), by = 60 + (int)(110 * (1 + sin(fseq * 0.083)));
  for (int y = 0; y < VH; y++) {
    uint32_t *r = (uint32_t *)(vim->data + y * vim->bytes_per_line);
    unsigned sy = sint[(y * 3 + t) & 1023];
    for (int x = 0; x < VW; x++) {
      unsigned v = (sint[(x * 2 + t) & 1023] + sy) / 2, u = sint[(x + y * 2 + 2 * t) & 1023];
      r[x] = v << 16 | u << 8 | (255 - v);
    }
    int dy = y - by;
    if (dy * dy < 1600) {
      int hw = (int)sqrt(1600 - dy * dy);
      for (int x = bx - hw; x < bx + hw; x++)
        if (x >= 0 && x < VW) r[x] = 0xf8f0e0;
    }
  }
  XShmPutImage(d, win, gc, vim, 0, 0, VX, VY, VW, VH, False);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: probe WORKLOAD LOGFILE SEED\n");
    return 2;
  }
  const char *wl = argv[1];
  lg = fopen(argv[2], "w");
  setvbuf(lg, 0, _IOLBF, 0);
  rs = atoi(argv[3]) * 2654435761u + 1;
  double fps = 0;
  void (*init)(void) = 0, (*step)(void) = 0;
  if (!strcmp(wl, "typing")) fps = 8, init = typing_init, step = typing_step;
  else if (!strcmp(wl, "scroll")) fps = 30, init = scroll_init, step = scroll_step;
  else if (!strcmp(wl, "xscroll")) fps = 30, init = xscroll_init, step = scroll_step;
  else if (!strcmp(wl, "drag")) fps = 60, init = drag_init, step = drag_step;
  else if (!strcmp(wl, "video")) fps = 30, init = video_init, step = video_step;
  else if (strcmp(wl, "idle")) {
    fprintf(stderr, "workload: idle typing scroll xscroll drag video\n");
    return 2;
  }
  signal(SIGUSR1, on_usr1);
  signal(SIGTERM, on_term);
  signal(SIGINT, on_term);
  d = XOpenDisplay(0);
  if (!d) {
    fprintf(stderr, "no display\n");
    return 1;
  }
  XSetWindowAttributes a = {0};
  a.override_redirect = True;
  a.event_mask = KeyPressMask | ButtonPressMask | ExposureMask;
  a.background_pixel = 0;
  win = XCreateWindow(d, DefaultRootWindow(d), 0, 0, W, H, 0, CopyFromParent, InputOutput,
                      CopyFromParent, CWOverrideRedirect | CWEventMask | CWBackPixel, &a);
  XGCValues gv = {.graphics_exposures = False};
  gc = XCreateGC(d, win, GCGraphicsExposures, &gv);
  char z[1] = {0};
  Pixmap cp = XCreateBitmapFromData(d, win, z, 1, 1);
  XColor xc = {0};
  Cursor cur = XCreatePixmapCursor(d, cp, cp, &xc, &xc, 0, 0);
  XDefineCursor(d, win, cur);
  XDefineCursor(d, DefaultRootWindow(d), cur);
  mono = XftFontOpenName(d, 0, "DejaVu Sans Mono:pixelsize=14");
  sans = XftFontOpenName(d, 0, "DejaVu Sans:pixelsize=14");
  c_dark = mk(25, 25, 30);
  c_light = mk(225, 225, 225);
  c_green = mk(150, 230, 130);
  c_blue = mk(20, 60, 190);
  uint32_t keep = rs;
  rs = 12345;
  bg = scene();
  rs = keep; /* the scene never depends on the seed */
  XSetWindowBackgroundPixmap(d, win, bg);
  XMapRaised(d, win);
  XSync(d, False);
  XSetInputFocus(d, win, RevertToParent, CurrentTime);
  XSync(d, False);
  wdraw = XftDrawCreate(d, win, DefaultVisual(d, 0), DefaultColormap(d, 0));
  rs = 777;
  if (init) init();
  patch(EX, eseq);
  patch(FX, fseq);
  XSync(d, False);
  uint32_t ers = atoi(argv[3]) * 40503u + 99;
  fprintf(lg, "S start %lld\n", (long long)WALL());
  int64_t t0 = MONO(), next_e = t0 + 500000, next_f = fps ? t0 + 200000 : INT64_MAX;
  int64_t period = fps ? (int64_t)(1e6 / fps) : 0;
  int frozen = 0;
  struct pollfd pf = {ConnectionNumber(d), POLLIN, 0};
  while (!quit_req) {
    while (XPending(d)) {
      XEvent e;
      XNextEvent(d, &e);
      if (!frozen && e.type == KeyPress) e_toggle('k');
      else if (!frozen && e.type == ButtonPress) e_toggle('b');
    }
    if (freeze_req && !frozen) {
      frozen = 1;
      fprintf(lg, "S frozen %lld\n", (long long)WALL());
    }
    int64_t t = MONO();
    if (!frozen && t >= next_e) {
      ers ^= ers << 13;
      ers ^= ers >> 17;
      ers ^= ers << 5;
      e_toggle('t');
      next_e = t + 300000 + ers % 400001;
      continue;
    }
    if (!frozen && t >= next_f) {
      step();
      f_step();
      next_f += period;
      if (next_f < t - 200000) next_f = t;
      continue;
    }
    int64_t nx = next_e < next_f ? next_e : next_f;
    int64_t dt = frozen ? 50000 : nx - MONO();
    if (dt < 0) dt = 0;
    if (dt > 50000) dt = 50000;
    struct timespec ts = {dt / 1000000, dt % 1000000 * 1000};
    ppoll(&pf, 1, &ts, 0);
  }
  fclose(lg);
  XCloseDisplay(d);
  return 0;
}
