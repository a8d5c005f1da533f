// SPDX-License-Identifier: GPL-2.0-or-later
/* lane.c - names of the lanes, for files and for people */
#include <objtool/lane.h>
#include <objtool/util.h>

#define LANE(name, words)                     \
	{                                     \
		name, words, sizeof(name) - 1 \
	}

static const struct {
	const char *name; /* part of the .checksums format: never change one */
	const char *words;
	size_t len; /* of the name */
} lanes[NR_LANES] = {
	[LANE_CODE] = LANE("code", "code"),
	[LANE_REFS] = LANE("refs", "calls and data used"),
	[LANE_CONSTS] = LANE("consts", "strings and constants"),
	[LANE_ALT] = LANE("alt", "alternatives"),
	[LANE_JUMP_LABEL] = LANE("jump_label", "static branches"),
	[LANE_EXTABLE] = LANE("extable", "exception table"),
	[LANE_BUG] = LANE("bug", "bug entries"),
	[LANE_STATIC_CALL] = LANE("static_call", "static calls"),
	[LANE_TRACE] = LANE("trace", "ftrace entries"),
	[LANE_PLACE] = LANE("place", "section"),
	[LANE_OTHER] = LANE("other", "other tables"),
	[LANE_LINES] = LANE("lines", "line numbers"),
};

const char *lane_name(enum lane lane)
{
	return lanes[lane].name;
}

const char *lane_words(enum lane lane)
{
	return lanes[lane].words;
}

enum lane lane_find(const char *name, size_t len)
{
	enum lane lane;

	for (lane = 0; lane < NR_LANES; lane++)
		if (lanes[lane].len == len && !memcmp(lanes[lane].name, name, len))
			break;
	return lane;
}
