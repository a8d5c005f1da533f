// SPDX-License-Identifier: GPL-2.0-or-later
/* tables.c - switches, strings, constants, statics that share a name, clones */
#include "kernel.h"

int use(const char *text);
int use_two(const char *text, const char *more);
void emit(u64 value);
int on_open(void *), on_close(void *), on_read(void *), on_write(void *);

const char *state_name(u32 state)
{
	switch (state) {
	case 0:
		return "idle";
	case 1:
		return "running";
	case 2:
		return "blocked";
	case 3:
		return "stopped";
	case 4:
		return "zombie";
	case 5:
		return "dead";
	}
	return "unknown";
}

/* Only values: a table of numbers. */
u32 cost_of(u32 kind)
{
	switch (kind) {
	case 0:
		return 11;
	case 1:
		return 23;
	case 2:
		return 5;
	case 3:
		return 71;
	case 4:
		return 13;
	case 5:
		return 190;
	case 6:
		return 2;
	}
	return 1000;
}

/* One table by two names: a section symbol means it, which it does not mean if it has only a global one. */
static const u8 squares[16] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144, 169, 196, 225};
extern const u8 exported_squares[16] __attribute__((alias("squares")));

u32 square_of(u32 i)
{
	return squares[i & 15];
}

/* Different code: a table of places. */
s64 interpret(const u8 *code, u32 n, s64 *reg)
{
	s64 a = 0;

	for (u32 i = 0; i < n; i++) {
		switch (code[i]) {
		case 0:
			a += reg[0];
			break;
		case 1:
			a -= reg[1] * 3;
			break;
		case 2:
			a ^= reg[2];
			emit((u64)a);
			break;
		case 3:
			a <<= reg[3] & 31;
			break;
		case 4:
			reg[4] = a;
			break;
		case 5:
			return a;
		case 6:
			a = use("six");
			break;
		case 7:
			a /= 7;
			emit(7);
			break;
		case 8:
			reg[0] = a >> 3;
			break;
		default:
			return -1;
		}
	}
	return a;
}

int dispatch(u32 command, u64 *arg)
{
	switch (command) {
	case 10:
		emit(*arg);
		return 0;
	case 11:
		*arg = 5;
		return use("eleven");
	case 12:
		return on_read(arg);
	case 13:
		return on_write(arg);
	case 14:
		emit(arg[1]);
		return on_open(arg);
	case 15:
		return use_two("fifteen", "more of fifteen");
	case 17:
		arg[2]++;
		return 17;
	}
	return -22;
}

struct operations {
	const char *name;
	int (*open)(void *), (*close)(void *), (*read)(void *), (*write)(void *);
	u32 flags, limit;
};

const struct operations file_operations = {
	"file", on_open, on_close, on_read, on_write, 3, 4096,
};

static const struct operations pipe_operations = {
	.name = "pipe",
	.open = on_open,
	.read = on_read,
	.flags = 5,
	.limit = 65536,
};

struct operations *current_operations, *previous_operations;
static u64 history[16] = {1, 2, 3, 5, 8, 13};
static const char *const words[] = {"alpha", "beta", "gamma", "delta with more text in it"};
static const u16 weights[] = {9, 8, 7, 600, 5, 4, 3, 2};

void choose(int pipe)
{
	/* a symbol stored in a symbol: two relocations in one instruction */
	current_operations = (struct operations *)&file_operations;
	previous_operations = (struct operations *)&pipe_operations;
	if (pipe)
		current_operations = (struct operations *)&pipe_operations;
}

u64 weigh(u32 i)
{
	return weights[i & 7] + history[(i + 3) & 15] + (u64)words[i & 3][1];
}

void remember(u64 value)
{
	for (u32 i = ARRAY_SIZE(history) - 1; i; i--)
		history[i] = history[i - 1];
	history[0] = value;
}

/* Statics of one name and different values. */
u32 first_counter(void)
{
	static u32 count = 5;
	static const u32 steps[] = {1, 3, 9, 27, 81, 243, 729};

	count += steps[count % 7];
	return count;
}

u32 second_counter(void)
{
	static u32 count = 77;
	static const u32 steps[] = {2, 4, 8, 16, 32, 64, 129};

	count ^= steps[count % 7];
	return count + 1;
}

/* The same again, and equal. */
u32 first_guard(void)
{
	static u8 done;

	if (done)
		return 0;
	done = 1;
	return (u32)use(__func__);
}

u32 second_guard(void)
{
	static u8 done;

	if (done)
		return 1;
	done = 2;
	return (u32)use(__func__) + 1;
}

/* Cloned for constant arguments. */
static noinline u64 scale(const u64 *p, u32 n, int mode)
{
	u64 sum = 0;

	for (u32 i = 0; i < n; i++) {
		if (mode == 1)
			sum += p[i] * 3;
		else if (mode == 2)
			sum ^= p[i] >> 5;
		else
			sum -= p[i] + (u64)mode;
	}
	return sum;
}

u64 scale_both(const u64 *p, u32 n)
{
	return scale(p, n, 1) + scale(p + n, n, 1) + scale(p, n / 2, 1);
}

u64 scale_again(const u64 *p, u32 n)
{
	return scale(p, n, 2) * scale(p + 4, n, 2) + scale(p + 2, 7, 2);
}

static always_inline u32 mix(u32 a, u32 b)
{
	return (a << 5 | a >> 27) ^ b * 0x9e3779b1;
}

u32 hash_words(const u32 *p, u32 n)
{
	u32 h = 17;

	while (n--)
		h = mix(h, *p++);
	return h;
}

int compare(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a - *b;
}

int find_word(const char *text)
{
	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		if (!compare(words[i], text))
			return (int)i;
	return use("no such word") - compare(text, "none");
}

struct parameters {
	const u32 *list;
	u32 n;
	const char *name;
};

int apply(const struct parameters *p);

/* Literals without a name, one inside the other. */
int apply_first(void)
{
	return apply(&(const struct parameters){(const u32[]){4, 5, 6, 700}, 4, "first"});
}

static const struct parameters *const defaults[] = {
	&(const struct parameters){(const u32[]){1, 1, 2}, 3, "small"},
	&(const struct parameters){(const u32[]){90, 80, 70, 60, 50}, 5, "large"},
	0,
};

int apply_default(u32 which)
{
	return which < 3 && defaults[which] ? apply(defaults[which]) : -1;
}

struct named {
	const char *name;
	u32 value;
};

static const struct named settings[] = {
	{"alpha", 1}, {"beta", 22}, {"gamma", 333}, {"delta", 4444}, {"epsilon", 55555},
};

/* Right behind, so that the end of one is the start of the other. */
static const struct named others[] = {{"zeta", 6}, {"eta", 77}, {"theta", 888}};

int show(const char *name, u32 value);

/* The comparison with the end jumps out of the loop, and is not at its end. */
int show_settings(int all)
{
	const struct named *s = settings;

	for (; s < settings + ARRAY_SIZE(settings); s++) {
		if (show(s->name, s->value) == 3)
			all = show(s->name, 0);
		if (s->value == 333 && !all)
			return show("less", 0);
	}
	return show(others[all & 1].name, 1);
}

#ifndef __PIC__ /* which writes no movabs: nothing tells it from a place in the object before */
static const u32 order_of[] = {31, 4, 15, 9, 26, 53};

/* An index from 1: "movabs $order_of-4", as kernel code has no negative offsets in 32 bits. */
void reorder(u32 *to)
{
	for (u32 i = 1; i <= ARRAY_SIZE(order_of); i++)
		to[order_of[i - 1]] = i;
}
#endif

/* Asks about itself. */
u64 factorial(u64 n)
{
	return n < 2 ? 1 : n * (u64)(factorial(n - 1) + (n & 1 ? factorial(n - 2) : 0));
}

int tail_of_string(int odd)
{
	const char *text = "a long string whose end is wanted";

	return use(odd ? text + 7 : text);
}
EXPORT_SYMBOL(interpret);
