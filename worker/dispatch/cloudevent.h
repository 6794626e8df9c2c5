/* A message as CloudEvents 1.0, structured JSON: what every sink sends. */
#ifndef CLOUDEVENT_H
#define CLOUDEVENT_H

#include "message.h"

/* Equal messages give equal bytes; `data` is copied as it is. */
void cloudevent_write(struct buf *, const struct message *);

#endif
