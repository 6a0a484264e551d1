package llm

// bytesPerToken is the simple count for servers that send no usage: English
// text has about four bytes a token. It is marked Estimated wherever it goes.
const bytesPerToken = 4

// CountTokens estimates how many tokens a text is.
func CountTokens(text string) int64 { return int64(len(text)+bytesPerToken-1) / bytesPerToken }
