/*
 * This file is the bench's own client, the same for every gateway: what wrk does not measure.
 *
 *   probe exchange PORT REQUEST_FILE MILLISECONDS   one keep-alive connection, one request at a time, for that long; then prints JSON:
 *                                                   the medians of time to the first event or body byte, and to the end of the reply, in µs.
 *   probe hold PORT REQUEST_FILE COUNT              opens COUNT streams, waits for the first event of each, prints "open COUNT",
 *                                                   and keeps them open until its standard input ends.
 *
 * REQUEST_FILE holds the bytes of one whole HTTP request. Anything but a 200, and any silence of 20 s, ends it with status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_MAX = 4 << 20, REQUEST_MAX = 1 << 20, EXCHANGES_MAX = 1 << 20, SILENCE_S = 20 };

static char request[REQUEST_MAX], *reply;
static size_t request_length;

static void give_up(const char *why) { fprintf(stderr, "probe: %s\n", why); exit(1); }

static double now_us(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3; }

static int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  struct timeval silence = { .tv_sec = SILENCE_S };
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) give_up("can't connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
  return fd;
}

static void send_request(int fd) {
  for (size_t sent = 0; sent < request_length; ) {
    ssize_t count = send(fd, request + sent, request_length - sent, MSG_NOSIGNAL);
    if (count <= 0) give_up("the gateway hung up before the request was sent");
    sent += (size_t)count;
  }
}

/* Reads more of the reply; returns its new length. */
static size_t read_on(int fd, size_t length) {
  if (length >= REPLY_MAX) give_up("the reply is too long");
  ssize_t count = recv(fd, reply + length, REPLY_MAX - length, 0);
  if (count <= 0) give_up("the gateway hung up, or said nothing for 20 s, within a reply");
  reply[length + (size_t)count] = 0;
  return length + (size_t)count;
}

/* The length of a chunked body from here on once it is whole, else 0; *resume is where to go on looking. */
static int is_whole(const char *body, size_t length, size_t *resume) {
  for (size_t at = *resume; ; ) {
    const char *line_end = memmem(body + at, length - at, "\r\n", 2);
    if (!line_end) return 0;
    size_t size = strtoul(body + at, NULL, 16), next = (size_t)(line_end - body) + 2 + size + 2;
    if (next > length) return 0;
    if (size == 0) return 1;
    *resume = at = next;
  }
}

/* One exchange; *first_us becomes the time to the first event (or body byte), the result is the time to the end of the reply. */
static double exchange(int fd, double *first_us) {
  size_t length = 0, body_at = 0, resume = 0, stated = 0;
  int chunked = 0, streams = 0;
  double begun = now_us();
  *first_us = 0;
  send_request(fd);
  for (;;) {
    length = read_on(fd, length);
    if (!body_at) {
      char *end = memmem(reply, length, "\r\n\r\n", 4);
      if (!end) continue;
      body_at = (size_t)(end - reply) + 4;
      if (strncmp(reply, "HTTP/1.1 200", 12)) { fprintf(stderr, "%.600s\n", reply); give_up("the gateway did not answer 200"); }
      end[2] = 0;
      char *size = strcasestr(reply, "\r\ncontent-length:");
      chunked = strcasestr(reply, "\r\ntransfer-encoding: chunked") != NULL;
      streams = strcasestr(reply, "text/event-stream") != NULL;
      if (size) stated = strtoul(size + 17, NULL, 10);
      else if (!chunked) give_up("the reply has neither a length nor chunks");
    }
    if (!*first_us && length > body_at && (!streams || memmem(reply + body_at, length - body_at, "data:", 5))) *first_us = now_us() - begun;
    if (chunked ? is_whole(reply + body_at, length - body_at, &resume) : length - body_at >= stated) return now_us() - begun;
  }
}

static int by_size(const void *left, const void *right) { double a = *(const double *)left, b = *(const double *)right; return (a > b) - (a < b); }

static double quantile(const double *sorted, int count, double part) { return sorted[(int)((count - 1) * part)]; }

static void measure(int port, double milliseconds) {
  static double first[EXCHANGES_MAX], total[EXCHANGES_MAX];
  int count = 0, fd = dial(port);
  for (double end = now_us() + milliseconds * 1000; now_us() < end && count < EXCHANGES_MAX; count++) total[count] = exchange(fd, &first[count]);
  qsort(first, (size_t)count, sizeof *first, by_size);
  qsort(total, (size_t)count, sizeof *total, by_size);
  printf("{\"exchanges\":%d,\"firstP50Us\":%.1f,\"totalP50Us\":%.1f,\"totalP90Us\":%.1f,\"totalP99Us\":%.1f}\n", count,
    quantile(first, count, 0.5), quantile(total, count, 0.5), quantile(total, count, 0.9), quantile(total, count, 0.99));
}

static void hold(int port, int count) {
  int *fds = calloc((size_t)count, sizeof *fds);
  for (int i = 0; i < count; i++) { fds[i] = dial(port); send_request(fds[i]); }
  for (int i = 0; i < count; i++) {
    size_t length = 0;
    while (!length || !strstr(reply, "data:")) length = read_on(fds[i], length);
    if (strncmp(reply, "HTTP/1.1 200", 12)) { fprintf(stderr, "%.600s\n", reply); give_up("the gateway did not answer 200"); }
  }
  printf("open %d\n", count);
  fflush(stdout);
  char ignored[64];
  while (read(0, ignored, sizeof ignored) > 0) continue;
}

int main(int count, char **arguments) {
  if (count != 5) give_up("usage: probe exchange|hold PORT REQUEST_FILE MILLISECONDS|COUNT");
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  FILE *file = fopen(arguments[3], "rb");
  if (!file) give_up("can't read the request file");
  request_length = fread(request, 1, sizeof request, file);
  reply = malloc(REPLY_MAX + 1);
  if (!strcmp(arguments[1], "exchange")) measure(atoi(arguments[2]), atof(arguments[4]));
  else hold(atoi(arguments[2]), atoi(arguments[4]));
  return 0;
}
