/* wanlink NS_A IP_A NS_B IP_B RATE_KBIT DELAY_MS LOSS_PCT QUEUE_MS STATSFILE SEED
 * A user-space link between two network namespaces, for kernels without netem:
 * one TUN device in each, every IP packet is delayed, dropped or rate-limited
 * here, the same for TCP and UDP. RATE 0 = unlimited. LOSS and DELAY apply in
 * each direction (DELAY is one way). QUEUE_MS is the tail-drop limit of the
 * bottleneck queue. STATSFILE is rewritten with the counters on SIGUSR1/exit. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
typedef struct {
  int64_t due;
  int len;
  unsigned char *p;
} Pk;
enum { QN = 65536 };
typedef struct {
  Pk *q;
  unsigned h, t;
  int64_t last;
  uint64_t bytes, pkts, lost, tail;
} Dir;
static Dir dir[2];
static const char *stats;
static volatile sig_atomic_t quit, dump;
static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static void on_q(int s) {
  (void)s;
  quit = 1;
}
static void on_d(int s) {
  (void)s;
  dump = 1;
}
static void write_stats(void) {
  char tmp[512];
  snprintf(tmp, sizeof tmp, "%s.tmp", stats);
  FILE *f = fopen(tmp, "w");
  if (!f) return;
  for (int i = 0; i < 2; i++)
    fprintf(f, "%llu %llu %llu %llu\n", (unsigned long long)dir[i].bytes,
            (unsigned long long)dir[i].pkts, (unsigned long long)dir[i].lost,
            (unsigned long long)dir[i].tail);
  fclose(f);
  rename(tmp, stats);
}
static int tun(const char *ns, const char *ip) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", ns);
  int home = open("/proc/self/ns/net", O_RDONLY), n = open(path, O_RDONLY);
  if (n < 0 || setns(n, CLONE_NEWNET)) {
    perror(path);
    exit(1);
  }
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq r = {0};
  strcpy(r.ifr_name, "lk0");
  r.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0) {
    perror("tun");
    exit(1);
  }
  char cmd[256];
  snprintf(cmd, sizeof cmd,
           "ip addr add %s/24 dev lk0 && ip link set lk0 mtu 1500 txqueuelen 10000 up", ip);
  if (system(cmd)) exit(1);
  setns(home, CLONE_NEWNET);
  close(home);
  close(n);
  return fd;
}
int main(int c, char **v) {
  if (c < 11) return 2;
  int fd[2] = {tun(v[1], v[2]), tun(v[3], v[4])};
  double rate = atof(v[5]) * 1000, loss = atof(v[7]) / 100;
  int64_t delay = (int64_t)(atof(v[6]) * 1e6), qlim = (int64_t)(atof(v[8]) * 1e6);
  stats = v[9];
  srand48(atol(v[10]));
  signal(SIGTERM, on_q);
  signal(SIGINT, on_q);
  signal(SIGUSR1, on_d);
  for (int i = 0; i < 2; i++) dir[i].q = calloc(QN, sizeof(Pk));
  unsigned char buf[65536];
  printf("ready\n");
  fflush(stdout);
  while (!quit) {
    if (dump) {
      dump = 0;
      write_stats();
    }
    int64_t t = now(), nx = t + 500000000LL;
    for (int i = 0; i < 2; i++) {
      Dir *D = &dir[i];
      for (int k = 0; k < 256; k++) {
        int n = read(fd[i], buf, sizeof buf);
        if (n <= 0) break;
        D->bytes += n;
        D->pkts++;
        t = now();
        if (loss > 0 && drand48() < loss) {
          D->lost++;
          continue;
        }
        int64_t dep = t;
        if (rate > 0) {
          if (D->last > t) dep = D->last;
          if (dep - t > qlim) {
            D->tail++;
            continue;
          }
          dep += (int64_t)(n * 8e9 / rate);
          D->last = dep;
        }
        if (D->t - D->h >= QN) {
          D->tail++;
          continue;
        }
        Pk *p = &D->q[D->t++ % QN];
        p->due = dep + delay;
        p->len = n;
        p->p = malloc(n);
        memcpy(p->p, buf, n);
      }
      t = now();
      while (D->h != D->t) {
        Pk *p = &D->q[D->h % QN];
        if (p->due > t) {
          if (p->due < nx) nx = p->due;
          break;
        }
        if (write(fd[!i], p->p, p->len) < 0) {
        }
        free(p->p);
        D->h++;
      }
    }
    int64_t w = nx - now();
    if (w < 0) w = 0;
    struct timespec ts = {w / 1000000000LL, w % 1000000000LL};
    struct pollfd pf[2] = {{fd[0], POLLIN, 0}, {fd[1], POLLIN, 0}};
    ppoll(pf, 2, &ts, 0);
  }
  write_stats();
  return 0;
}
