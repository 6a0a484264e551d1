#include "funcdata.h"
#include "textflag.h"

// func Do(fn, arg unsafe.Pointer)
TEXT ·Do(SB),NOSPLIT,$24-16
	NO_LOCAL_POINTERS
	MOVQ fn+0(FP), AX
	MOVQ arg+8(FP), BX
	MOVQ AX, 0(SP)
	MOVQ BX, 8(SP)
	CALL runtime·asmcgocall(SB)
	RET
