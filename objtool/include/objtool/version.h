/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version.h - the one place where the version is written; the Makefile reads it too */
#ifndef OBJTOOL_VERSION_H
#define OBJTOOL_VERSION_H

#define OBJTOOL_VERSION "0.1.0"

#endif
