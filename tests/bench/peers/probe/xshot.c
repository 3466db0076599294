/* xshot OUT.ppm : the true picture of the X root window */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdio.h>
#include <stdlib.h>
int main(int c, char **v) {
  Display *d = XOpenDisplay(0);
  if (!d || c < 2) return 1;
  XWindowAttributes a;
  Window r = DefaultRootWindow(d);
  XGetWindowAttributes(d, r, &a);
  XImage *im = XGetImage(d, r, 0, 0, a.width, a.height, AllPlanes, ZPixmap);
  if (!im) return 1;
  FILE *f = fopen(v[1], "wb");
  fprintf(f, "P6\n%d %d\n255\n", a.width, a.height);
  unsigned char *row = malloc(a.width * 3);
  for (int y = 0; y < a.height; y++) {
    unsigned *p = (unsigned *)(im->data + y * im->bytes_per_line);
    for (int x = 0; x < a.width; x++) {
      row[3 * x] = p[x] >> 16;
      row[3 * x + 1] = p[x] >> 8;
      row[3 * x + 2] = p[x];
    }
    fwrite(row, 3, a.width, f);
  }
  fclose(f);
  return 0;
}
