#include "funcdata.h"
#include "textflag.h"

// func Do(fn, arg unsafe.Pointer)
TEXT ·Do(SB),NOSPLIT,$32-16
	NO_LOCAL_POINTERS
	MOVD fn+0(FP), R0
	MOVD arg+8(FP), R1
	MOVD R0, 8(RSP)
	MOVD R1, 16(RSP)
	CALL runtime·asmcgocall(SB)
	RET
