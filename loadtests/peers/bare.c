/* The least that the machine can do: epoll, and one write() per connection and event.
 *
 * Everybody is in one room. Plain on purpose: no batching, no threads, one event prepared once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 8192, MOST = 65536, MOST_BEHIND = 4 << 20, TEXT = 0x81, CLOSE = 0x88 };

struct conn {
    int fd, upgraded;
    size_t place;       /* in `all`, once upgraded */
    size_t have;        /* bytes in `in` */
    size_t left;        /* bytes that the kernel has not taken yet, in `out` */
    char *out;
    unsigned char in[BUFFER];
};

static struct conn *all[MOST];
static size_t count;
static int poller;
static char event[256];
static size_t event_size;

static uint32_t rol(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* For messages of one or two blocks, as the key of a handshake with its suffix is. */
static void sha1(const char *text, size_t size, unsigned char digest[20]) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    unsigned char block[128] = {0};
    size_t whole = size + 9 > 64 ? 128 : 64;
    memcpy(block, text, size);
    block[size] = 0x80;
    block[whole - 2] = (unsigned char)(size >> 5);
    block[whole - 1] = (unsigned char)(size << 3);
    for (size_t at = 0; at < whole; at += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) {
            const unsigned char *p = block + at + 4 * i;
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++) w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999
                         : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1
                         : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
                                  : (b ^ c ^ d) + 0xCA62C1D6;
            uint32_t t = rol(a, 5) + f + e + w[i];
            e = d, d = c, c = rol(b, 30), b = a, a = t;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* Of 20 bytes: 27 characters and one of padding. */
static void base64(const unsigned char digest[20], char text[29]) {
    const char *set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char in[21] = {0};
    memcpy(in, digest, 20);
    for (int i = 0; i < 7; i++) {
        uint32_t bits = (uint32_t)in[3 * i] << 16 | (uint32_t)in[3 * i + 1] << 8 | in[3 * i + 2];
        for (int j = 0; j < 4; j++) text[4 * i + j] = set[bits >> (18 - 6 * j) & 63];
    }
    text[27] = '=';
    text[28] = 0;
}

static void watch(struct conn *c, int operation, uint32_t events) {
    struct epoll_event wanted = {.events = events, .data.ptr = c};
    epoll_ctl(poller, operation, c->fd, &wanted);
}

static void put(struct conn *c, const char *data, size_t size) {
    ssize_t taken = c->left ? 0 : write(c->fd, data, size);
    if (taken < 0 && errno != EAGAIN) return; /* reading will find it dead */
    if (taken < 0) taken = 0;
    size -= (size_t)taken;
    if (!size) return;
    if (c->left + size > MOST_BEHIND) {
        shutdown(c->fd, SHUT_RDWR); /* reading will find the end */
        return;
    }
    if (!(c->out = realloc(c->out, c->left + size))) abort();
    memcpy(c->out + c->left, data + taken, size);
    c->left += size;
    watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void put_later(struct conn *c) {
    ssize_t taken = write(c->fd, c->out, c->left);
    if (taken <= 0) return;
    c->left -= (size_t)taken;
    memmove(c->out, c->out + taken, c->left);
    if (!c->left) watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static size_t frame(char *to, const char *text) {
    size_t size = strlen(text), head = size < 126 ? 2 : 4;
    to[0] = (char)TEXT;
    to[1] = (char)(size < 126 ? size : 126);
    if (head == 4) to[2] = (char)(size >> 8), to[3] = (char)size;
    memcpy(to + head, text, size);
    return head + size;
}

static void say(struct conn *c, const char *text) {
    char data[256];
    put(c, data, frame(data, text));
}

/* Answers the request when it is whole; returns its size, 0 when there is more to come. */
static size_t upgrade(struct conn *c) {
    unsigned char *end = memmem(c->in, c->have, "\r\n\r\n", 4), digest[20];
    char accept[29], text[256], key[64] = {0};
    if (!end) return 0;
    *end = 0;
    char *line = strcasestr((char *)c->in, "\r\nSec-WebSocket-Key:");
    if (line) sscanf(line + 20, " %24s", key);
    strcat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    sha1(key, strlen(key), digest);
    base64(digest, accept);
    int size = snprintf(text, sizeof text,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    put(c, text, (size_t)size);
    say(c, "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":60000,\"pingTimeout\":60000,"
           "\"maxPayload\":1000000}");
    c->upgraded = 1;
    c->place = count;
    all[count++] = c;
    return (size_t)(end + 4 - c->in);
}

static void packet(struct conn *c, const char *text, size_t size) {
    unsigned long long number;
    char mark, answer[64];
    if (size >= 2 && !memcmp(text, "40", 2)) say(c, "40{\"sid\":\"x\"}");
    if (size < 2 || memcmp(text, "42", 2)) return;
    if (memmem(text, size, "\"send\"", 6))
        for (size_t i = 0; i < count; i++) put(all[i], event, event_size);
    char begin[24] = {0};
    memcpy(begin, text + 2, size - 2 < 23 ? size - 2 : 23);
    if (sscanf(begin, "%llu%c", &number, &mark) == 2 && mark == '[') {
        snprintf(answer, sizeof answer, "43%llu[true]", number);
        say(c, answer);
    }
}

/* Takes the whole frames; returns the bytes taken, -1 when the connection is to end. */
static ssize_t frames(struct conn *c, size_t at) {
    while (c->have - at >= 2) {
        unsigned char *p = c->in + at;
        size_t size = p[1] & 127, head = 6;
        if (size == 126 && c->have - at < 4) break;
        if (size == 126) size = (size_t)p[2] << 8 | p[3], head = 8;
        else if (size == 127) return -1;
        if (head + size > BUFFER) return -1;
        if (c->have - at < head + size) break;
        for (size_t i = 0; i < size; i++) p[head + i] ^= p[head - 4 + i % 4];
        if (p[0] == CLOSE) return -1;
        if (p[0] == TEXT) packet(c, (char *)p + head, size);
        at += head + size;
    }
    return (ssize_t)at;
}

/* Returns 0 when the connection is to end. */
static int take(struct conn *c) {
    ssize_t n = read(c->fd, c->in + c->have, BUFFER - c->have), used = 0;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return 0;
    c->have += (size_t)n;
    if (!c->upgraded && !(used = (ssize_t)upgrade(c))) return c->have < BUFFER;
    if ((used = frames(c, (size_t)used)) < 0) return 0;
    c->have -= (size_t)used;
    memmove(c->in, c->in + used, c->have);
    return 1;
}

static void drop(struct conn *c) {
    if (c->upgraded) {
        all[c->place] = all[--count];
        all[c->place]->place = c->place;
    }
    close(c->fd);
    free(c->out);
    free(c);
}

static void welcome(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    struct conn *c = count < MOST ? malloc(sizeof *c) : NULL;
    if (!c) {
        close(fd);
        return;
    }
    int on = 1; /* as all the other peers do */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    memset(c, 0, offsetof(struct conn, in)); /* the buffer costs no memory before it is used */
    c->fd = fd;
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

int main(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct epoll_event found[256], door = {.events = EPOLLIN, .data.ptr = NULL};
    char text[151] = "42[\"message\",{\"room\":\"all\",\"text\":\"";
    size_t begun = strlen(text);
    memset(text + begun, 'x', 147 - begun); /* 150 bytes in all */
    strcpy(text + 147, "\"}]");
    event_size = frame(event, text);
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 1024)) return 1;
    getsockname(listener, (struct sockaddr *)&at, &size);
    poller = epoll_create1(0);
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &door);
    printf("ready %d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(poller, found, 256, -1);
        for (int i = 0; i < n; i++) {
            struct conn *c = found[i].data.ptr;
            if (!c) {
                welcome(listener);
                continue;
            }
            if (found[i].events & EPOLLOUT && c->left) put_later(c);
            if (found[i].events & ~(uint32_t)EPOLLOUT && !take(c)) drop(c);
        }
    }
}
