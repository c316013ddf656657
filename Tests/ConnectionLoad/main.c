/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds many connections to a web server that answers each request with the address it saw, opens new ones all the
 * while, and says what became of them. Tests disturb the network meanwhile; a reset, a connection that fails and an
 * answer with another address are what they look for.
 *
 *   ConnectionLoad ADDRESS PORT HELD RATE SEEN[,SEEN…]
 *
 * HELD connections, each of which asks once a second; RATE new ones a second, each of which asks once. SEEN: the
 * addresses that answers may have. Prints "ready" when all that are held have an answer, goes on until SIGTERM, asks
 * once more by each that is held, and prints its counts, a name and a number a line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK_MS = 10,
	ASK_EVERY_MS = 1000,
	PATIENCE_MS = 30000, /* longer than a SYN sent four times again */
	ROOM = 512,
	NEW_AT_ONCE = 4096,
	OPENED_A_TICK = 20,
};

struct connection {
	int fd; /* -1: free, or gone */
	bool held, connected, waiting;
	int64_t since, next; /* ms: of the question or the connecting; of the next question */
	size_t got;
	char answer[ROOM];
};

static struct {
	long opened, served, failed, reset, lost, asked, answered, wrong, longest;
} counts;

static struct connection *connections;
static size_t held, total, answering;
static struct sockaddr_storage server;
static socklen_t server_length;
static const char *seen;
static int poller;
static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void finish(struct connection *one)
{
	close(one->fd);
	one->fd = -1;
}

/* `error`: an errno, 0 when the server closed, ETIMEDOUT when nothing came. */
static void give_up(struct connection *one, int error)
{
	if (error == ECONNRESET || error == ECONNREFUSED || error == EPIPE)
		counts.reset++;
	else if (one->held)
		counts.lost++;
	else
		counts.failed++;
	fprintf(stderr, "%s: %s after %lld ms\n", one->held ? "held" : "new", error ? strerror(error) : "closed",
		(long long)(now_ms() - one->since));
	finish(one);
}

static void open_one(struct connection *one, bool is_held)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = one};
	int on = 1;

	memset(one, 0, sizeof(*one));
	one->held = is_held;
	one->since = now_ms();
	one->fd = socket(server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (one->fd < 0) {
		counts.failed++;
		return;
	}
	counts.opened++;
	setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(poller, EPOLL_CTL_ADD, one->fd, &event);
	if (connect(one->fd, (struct sockaddr *)&server, server_length) < 0 && errno != EINPROGRESS)
		give_up(one, errno);
}

static void ask(struct connection *one)
{
	const char *text = one->held ? "GET /held HTTP/1.1\r\nHost: test\r\n\r\n"
				     : "GET /new HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

	one->got = 0;
	one->waiting = true;
	one->since = now_ms();
	if (send(one->fd, text, strlen(text), MSG_NOSIGNAL) < 0) {
		give_up(one, errno);
		return;
	}
	counts.asked++;
}

/* The body when the whole answer is there. */
static char *body_of(struct connection *one)
{
	char *head_end, *length;

	one->answer[one->got] = 0;
	head_end = strstr(one->answer, "\r\n\r\n");
	length = strstr(one->answer, "Content-Length: ");
	if (!head_end || !length)
		return NULL;
	head_end += 4;
	return one->answer + one->got >= head_end + atoi(length + strlen("Content-Length: ")) ? head_end : NULL;
}

static bool is_expected(char *body)
{
	char list[ROOM];

	body[strcspn(body, "\r\n")] = 0;
	snprintf(list, sizeof(list), "%s", seen);
	for (char *rest = list, *word; (word = strsep(&rest, ","));)
		if (!strcmp(word, body))
			return true;
	return false;
}

static void take_answer(struct connection *one, char *body)
{
	int64_t took = now_ms() - one->since;

	one->waiting = false;
	counts.answered++;
	if (took > counts.longest)
		counts.longest = took;
	if (!is_expected(body)) {
		counts.wrong++;
		fprintf(stderr, "the server saw %s\n", body);
	}
	if (!one->held) {
		counts.served++;
		finish(one);
		return;
	}
	if (!one->next)
		answering++;
	one->next = now_ms() + ASK_EVERY_MS;
}

static void readable(struct connection *one)
{
	while (one->fd >= 0) {
		ssize_t count = recv(one->fd, one->answer + one->got, ROOM - 1 - one->got, 0);
		char *body;

		if (count < 0 && errno == EAGAIN)
			return;
		if (count <= 0 || !one->waiting) {
			give_up(one, count < 0 ? errno : 0);
			return;
		}
		one->got += (size_t)count;
		body = body_of(one);
		if (body)
			take_answer(one, body);
		else if (one->got >= ROOM - 1)
			give_up(one, EMSGSIZE);
	}
}

static void handle(struct connection *one, uint32_t events)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (one->fd < 0)
		return;
	getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		give_up(one, error);
		return;
	}
	if (!one->connected && (events & EPOLLOUT)) {
		one->connected = true;
		ask(one);
	}
	if (one->fd >= 0 && one->connected && (events & (EPOLLIN | EPOLLHUP)))
		readable(one);
}

/* Questions that are due, and connections that waited too long; how many still wait. */
static size_t look_after(bool asks)
{
	int64_t now = now_ms();
	size_t busy = 0;

	for (size_t place = 0; place < total; place++) {
		struct connection *one = &connections[place];

		if (one->fd < 0)
			continue;
		if ((one->waiting || !one->connected) && now - one->since > PATIENCE_MS)
			give_up(one, ETIMEDOUT);
		else if (asks && one->held && one->next && !one->waiting && now >= one->next)
			ask(one);
		if (one->fd >= 0 && (one->waiting || !one->connected))
			busy++;
	}
	return busy;
}

static void turn(void)
{
	struct epoll_event events[256];
	int64_t end = now_ms() + TICK_MS;

	do {
		int64_t left = end - now_ms();
		int count = epoll_wait(poller, events, 256, left > 0 ? (int)left : 0);

		for (int place = 0; place < count; place++)
			handle(events[place].data.ptr, events[place].events);
	} while (now_ms() < end);
}

static void open_new(double rate)
{
	static int64_t last;
	static double owed;
	int64_t now = now_ms();

	owed += last ? rate * (double)(now - last) / 1000 : 0;
	last = now;
	for (size_t place = held; place < total && owed >= 1; place++) {
		if (connections[place].fd >= 0)
			continue;
		open_one(&connections[place], false);
		owed--;
	}
}

static bool read_server(const char *address, const char *port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&server;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&server;

	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)atoi(port));
		server_length = sizeof(*four);
		return true;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)atoi(port));
	server_length = sizeof(*six);
	return inet_pton(AF_INET6, address, &six->sin6_addr) == 1;
}

static void report(void)
{
	long alive = 0;

	for (size_t place = 0; place < held; place++)
		alive += connections[place].fd >= 0;
	printf("alive %ld\nreset %ld\nlost %ld\nfailed %ld\nwrong %ld\nopened %ld\nserved %ld\nasked %ld\nanswered "
	       "%ld\nlongest %ld\nend\n",
	       alive, counts.reset, counts.lost, counts.failed, counts.wrong, counts.opened, counts.served,
	       counts.asked, counts.answered, counts.longest);
}

int main(int argc, char **argv)
{
	struct rlimit files = {2 * NEW_AT_ONCE + 4096, 2 * NEW_AT_ONCE + 4096};
	bool ready = false;
	double rate;

	if (argc != 6 || !read_server(argv[1], argv[2])) {
		fprintf(stderr, "usage: ConnectionLoad ADDRESS PORT HELD RATE SEEN[,SEEN...]\n");
		return 2;
	}
	held = (size_t)atoi(argv[3]);
	rate = atof(argv[4]);
	seen = argv[5];
	total = held + NEW_AT_ONCE;
	connections = calloc(total, sizeof(*connections));
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (!connections || poller < 0)
		return 1;
	for (size_t place = 0; place < total; place++)
		connections[place].fd = -1;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGUSR1, stop);
	setvbuf(stdout, NULL, _IOLBF, 0);

	for (size_t next = 0; !stopping;) {
		for (int count = 0; count < OPENED_A_TICK && next < held; count++)
			open_one(&connections[next++], true);
		if (ready)
			open_new(rate);
		turn();
		look_after(true);
		if (!ready && answering == held) {
			ready = true;
			counts.longest = 0;
			printf("ready\n");
		}
	}
	/* The questions that are open, then one more by each that is held. */
	while (look_after(false))
		turn();
	for (size_t place = 0; place < held; place++)
		if (connections[place].fd >= 0)
			ask(&connections[place]);
	while (look_after(false))
		turn();
	report();
	return 0;
}
