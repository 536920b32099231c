/*
 * This file is the bench's own client, the same for every gateway: what wrk does not measure.
 *
 *   probe exchange PORT REQUEST_FILE MILLISECONDS   one keep-alive connection, one request at a time, for that long; then prints JSON:
 *                                                   the medians of time to the first event or body byte, and to the end of the reply, in µs.
 *   probe pace PORT REQUEST_FILE MILLISECONDS RATE  RATE requests a second for that long, each sent when it is due whatever became of those
 *                                                   before it; then prints JSON: the quantiles of the time from due to the end of the reply.
 *   probe hold PORT REQUEST_FILE COUNT              opens COUNT streams, waits for the first event of each, prints "open COUNT",
 *                                                   and keeps them open until its standard input ends.
 *
 * REQUEST_FILE holds the bytes of one whole HTTP request. Anything but a 200, and any silence of 20 s, ends it with status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_MAX = 4 << 20, REQUEST_MAX = 1 << 20, EXCHANGES_MAX = 1 << 20, SILENCE_S = 20, CONNECTIONS_MAX = 256, REPLY_USUAL = 64 << 10 };

/* A reply as far as it has come; `size` is the room at `bytes`. */
struct reply { char *bytes; size_t size, length, body_at, resume, stated; int chunked, streams; };

static char request[REQUEST_MAX];
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

static struct reply reply_of(size_t size) { return (struct reply){ .bytes = malloc(size + 1), .size = size }; }

/* Makes room for the next reply. */
static void clear(struct reply *reply) { *reply = (struct reply){ .bytes = reply->bytes, .size = reply->size }; }

/* Reads more of the reply. */
static void read_on(int fd, struct reply *reply) {
  if (reply->length >= reply->size) give_up("the reply is too long");
  ssize_t count = recv(fd, reply->bytes + reply->length, reply->size - reply->length, 0);
  if (count <= 0) give_up("the gateway hung up, or said nothing for 20 s, within a reply");
  reply->length += (size_t)count;
  reply->bytes[reply->length] = 0;
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

/* Reads the head once all of it is there; 0 before. */
static int has_head(struct reply *reply) {
  if (reply->body_at) return 1;
  char *end = memmem(reply->bytes, reply->length, "\r\n\r\n", 4);
  if (!end) return 0;
  reply->body_at = (size_t)(end - reply->bytes) + 4;
  if (strncmp(reply->bytes, "HTTP/1.1 200", 12)) { fprintf(stderr, "%.600s\n", reply->bytes); give_up("the gateway did not answer 200"); }
  end[2] = 0;
  char *size = strcasestr(reply->bytes, "\r\ncontent-length:");
  reply->chunked = strcasestr(reply->bytes, "\r\ntransfer-encoding: chunked") != NULL;
  reply->streams = strcasestr(reply->bytes, "text/event-stream") != NULL;
  if (size) reply->stated = strtoul(size + 17, NULL, 10);
  else if (!reply->chunked) give_up("the reply has neither a length nor chunks");
  return 1;
}

static int has_ended(struct reply *reply) {
  size_t length = reply->length - reply->body_at;
  return reply->chunked ? is_whole(reply->bytes + reply->body_at, length, &reply->resume) : length >= reply->stated;
}

/* One exchange; *first_us becomes the time to the first event (or body byte), the result is the time to the end of the reply. */
static double exchange(int fd, struct reply *reply, double *first_us) {
  double begun = now_us();
  *first_us = 0;
  clear(reply);
  send_request(fd);
  for (;;) {
    read_on(fd, reply);
    if (!has_head(reply)) continue;
    const char *body = reply->bytes + reply->body_at;
    size_t length = reply->length - reply->body_at;
    if (!*first_us && length && (!reply->streams || memmem(body, length, "data:", 5))) *first_us = now_us() - begun;
    if (has_ended(reply)) return now_us() - begun;
  }
}

static int by_size(const void *left, const void *right) { double a = *(const double *)left, b = *(const double *)right; return (a > b) - (a < b); }

static double quantile(const double *sorted, int count, double part) { return sorted[(int)((count - 1) * part)]; }

static void measure(int port, double milliseconds) {
  static double first[EXCHANGES_MAX], total[EXCHANGES_MAX];
  int count = 0, fd = dial(port);
  struct reply reply = reply_of(REPLY_MAX);
  for (double end = now_us() + milliseconds * 1000; now_us() < end && count < EXCHANGES_MAX; count++) total[count] = exchange(fd, &reply, &first[count]);
  qsort(first, (size_t)count, sizeof *first, by_size);
  qsort(total, (size_t)count, sizeof *total, by_size);
  printf("{\"exchanges\":%d,\"firstP50Us\":%.1f,\"totalP50Us\":%.1f,\"totalP90Us\":%.1f,\"totalP99Us\":%.1f}\n", count,
    quantile(first, count, 0.5), quantile(total, count, 0.5), quantile(total, count, 0.9), quantile(total, count, 0.99));
}

/* Waits until a connection has something to read, or until `until` (µs); gives up after 20 s of silence. */
static void wait_for(struct pollfd *fds, int count, double until) {
  double left = until - now_us();
  if (left < 0) left = 0;
  int silent = left > SILENCE_S * 1e6;
  if (silent) left = SILENCE_S * 1e6;
  struct timespec time = { .tv_sec = (time_t)(left / 1e6), .tv_nsec = (long)((left - (double)(time_t)(left / 1e6) * 1e6) * 1e3) };
  if (ppoll(fds, (nfds_t)count, &time, NULL) == 0 && silent) give_up("nothing came for 20 s");
}

static void pace(int port, double milliseconds, double rate) {
  static double total[EXCHANGES_MAX], due[CONNECTIONS_MAX];
  static struct pollfd fds[CONNECTIONS_MAX];
  static struct reply replies[CONNECTIONS_MAX];
  int wanted = (int)(milliseconds * rate / 1000), sent = 0, count = 0, open = 0, free_ones[CONNECTIONS_MAX], free_count = 0;
  if (wanted > EXCHANGES_MAX) give_up("too many requests for one window");
  prctl(PR_SET_TIMERSLACK, 1000);
  for (double begun = now_us(); count < wanted; ) {
    for (; sent < wanted && now_us() >= begun + sent * 1e6 / rate; sent++) {
      if (!free_count) {
        if (open == CONNECTIONS_MAX) give_up("the gateway can't keep up with the rate");
        fds[open] = (struct pollfd){ .fd = dial(port), .events = POLLIN };
        replies[open] = reply_of(REPLY_USUAL);
        free_ones[free_count++] = open++;
      }
      int at = free_ones[--free_count];
      clear(&replies[at]);
      due[at] = begun + sent * 1e6 / rate;
      send_request(fds[at].fd);
    }
    wait_for(fds, open, sent < wanted ? begun + sent * 1e6 / rate : 1e18);
    for (int at = 0; at < open; at++) {
      if (!fds[at].revents) continue;
      read_on(fds[at].fd, &replies[at]);
      if (!has_head(&replies[at]) || !has_ended(&replies[at])) continue;
      total[count++] = now_us() - due[at];
      free_ones[free_count++] = at;
    }
  }
  qsort(total, (size_t)count, sizeof *total, by_size);
  printf("{\"exchanges\":%d,\"connections\":%d,\"p50Us\":%.1f,\"p90Us\":%.1f,\"p99Us\":%.1f}\n", count, open,
    quantile(total, count, 0.5), quantile(total, count, 0.9), quantile(total, count, 0.99));
}

static void hold(int port, int count) {
  int *fds = calloc((size_t)count, sizeof *fds);
  struct reply reply = reply_of(REPLY_MAX);
  for (int i = 0; i < count; i++) { fds[i] = dial(port); send_request(fds[i]); }
  for (int i = 0; i < count; i++) {
    clear(&reply);
    do read_on(fds[i], &reply); while (!has_head(&reply) || !strstr(reply.bytes + reply.body_at, "data:"));
  }
  printf("open %d\n", count);
  fflush(stdout);
  char ignored[64];
  while (read(0, ignored, sizeof ignored) > 0) continue;
}

int main(int count, char **arguments) {
  int paces = count == 6 && !strcmp(arguments[1], "pace");
  if (count != 5 && !paces) give_up("usage: probe exchange|pace|hold PORT REQUEST_FILE MILLISECONDS|COUNT [RATE]");
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  FILE *file = fopen(arguments[3], "rb");
  if (!file) give_up("can't read the request file");
  request_length = fread(request, 1, sizeof request, file);
  if (paces) pace(atoi(arguments[2]), atof(arguments[4]), atof(arguments[5]));
  else if (!strcmp(arguments[1], "exchange")) measure(atoi(arguments[2]), atof(arguments[4]));
  else hold(atoi(arguments[2]), atoi(arguments[4]));
  return 0;
}
