package builtin

// final is how an answer ends, for a scorer to find.
func final(answer string) string { return "FINAL ANSWER: " + answer }

func calculate(expression string) call {
	return call{"calculator", `{"expression":"` + expression + `"}`}
}

func search(query string) call {
	return call{"search", `{"query":"` + query + `","k":3}`}
}

const guess = "I have no tool to find this out with. "

// dialogues are those of the demo tasks.
var dialogues = []dialogue{
	{
		problem: "What is 1847 * 293 - 12600?",
		steps: []step{
			{say: "I will calculate this.", calls: []call{calculate("1847 * 293 - 12600")}},
			{say: "The calculator says {result}. " + final("{result}")},
		},
		without: guess + final("about half a million"),
	},
	{
		problem: "A dough for 4 people needs 0.35 kilograms of flour. How many kilograms does a dough for 14 people need?",
		steps: []step{
			{say: "One person needs a quarter of 0.35 kilograms.", calls: []call{calculate("0.35 / 4 * 14")}},
			{say: "For 14 people it takes {result} kilograms of flour. " + final("{result}")},
		},
		without: guess + final("more than a kilogram"),
	},
	{
		problem: "How many metres tall is the Skell lighthouse?",
		find:    map[string]string{"height": `Skell lighthouse.*?is (\d+) metres tall`},
		steps: []step{
			{say: "I will look it up.", calls: []call{search("Skell lighthouse height metres")}},
			{say: "The Skell lighthouse is {height} metres tall. " + final("{height}")},
		},
		without: guess + final("unknown"),
	},
	{
		problem: "What is 2 to the power of 40, divided by 1024?",
		steps: []step{
			{say: "I will calculate this.", calls: []call{calculate("2^40 divided by 1024")}},
			{say: "The calculator does not take words. I will write it with operators.", calls: []call{calculate("2^40 / 1024")}},
			{say: "Now it works. " + final("{result}")},
		},
		without: guess + final("two to the power of thirty"),
	},
	{
		problem: "In which year did the Orrin Railway open?",
		find:    map[string]string{"year": `Orrin Railway.*?opened in (\d{4})`},
		steps: []step{
			{say: "I will look up the railway.", calls: []call{search("Orrin Railway opened")}},
			{say: "The line opened in {year}. " + final("{year}")},
		},
		without: guess + final("unknown"),
	},
	{
		problem: "How many metres taller is the Skell lighthouse than the North Cape lighthouse?",
		find: map[string]string{
			"skell": `The Skell lighthouse.*?is (\d+) metres tall`,
			"north": `The North Cape lighthouse.*?is (\d+) metres tall`,
		},
		steps: []step{
			{say: "I need both heights and will look them up at once.", calls: []call{search("Skell lighthouse height"), search("North Cape lighthouse height")}},
			{say: "They are {skell} and {north} metres tall.", calls: []call{calculate("{skell} - {north}")}},
			{say: "The difference is {result} metres. " + final("{result}")},
		},
		without: guess + final("unknown"),
	},
	{
		problem: "Which whole number comes next: 2, 6, 12, 20, 30?",
		steps: []step{{
			think: "The differences are 4, 6, 8 and 10, so they grow by 2. The next difference is 12, and 30 plus 12 is 42. The numbers are also 1 times 2, 2 times 3, 3 times 4 and so on, and 6 times 7 is 42.",
			say:   "Each number is the product of two neighbours; the next is 6 times 7. " + final("42"),
		}},
	},
	{
		problem: "How many megawatts does the Hollow Moor wind farm give when all its turbines run at full power?",
		busy:    true,
		find: map[string]string{
			"turbines": `(\d+) turbines of`,
			"power":    `turbines of (\d+\.\d+) megawatts`,
		},
		steps: []step{
			{say: "I will look up the wind farm.", calls: []call{search("Hollow Moor wind farm turbines megawatts")}},
			{say: "It has {turbines} turbines of {power} megawatts.", calls: []call{calculate("{turbines} * {power}")}},
			{say: "Together they give {result} megawatts. " + final("{result}")},
		},
		without: guess + final("unknown"),
	},
	{ // wrong: it forgets that the train stands still
		problem: "A train leaves at 09:50 and arrives at 13:25. On the way it stands still 3 times for 5 minutes. How many minutes does it move?",
		steps: []step{
			{say: "From 09:50 to 13:25 I count hours and minutes.", calls: []call{calculate("(13 * 60 + 25) - (9 * 60 + 50)")}},
			{say: "The train is under way for {result} minutes. " + final("{result}")},
		},
		without: guess + final("about three and a half hours"),
	},
	{
		problem: "How old was the engineer of the Ammer Bridge in the year the bridge was opened, counting calendar years only?",
		find: map[string]string{
			"engineer": `built by the engineer (\p{Lu}\w+ \p{Lu}\w+)`,
			"opened":   `and opened in (\d{4})`,
			"born":     `was an engineer, born in \w+ in (\d{4})`,
		},
		steps: []step{
			{say: "First I need to know who built the bridge, and when.", calls: []call{search("Ammer Bridge engineer opened")}},
			{say: "It was {engineer}, and the bridge was opened in {opened}.", calls: []call{search("{engineer} engineer born")}},
			{say: "{engineer} was born in {born}.", calls: []call{calculate("{opened} - {born}")}},
			{say: "So the engineer was {result} years old. " + final("{result}")},
		},
		without: guess + final("unknown"),
	},
	{
		problem: "How many crossings of the ferry Saltwind are needed at least to carry every inhabitant of Orrin once?",
		find: map[string]string{
			"people":     `it had ([\d,]+) inhabitants`,
			"passengers": `The ferry carries (\d+) passengers`,
		},
		steps: []step{
			{say: "I need the passengers of one crossing.", calls: []call{search("ferry Saltwind passengers")}},
			{say: "One crossing takes {passengers} passengers. Now the inhabitants.", calls: []call{search("Orrin island census inhabitants")}},
			{say: "There are {people} inhabitants.", calls: []call{calculate("ceil({people} / {passengers})")}},
			{say: "The last ferry is not full, but it is needed. " + final("{result}")},
		},
		without: guess + final("unknown"),
	},
	{ // never content: it checks its sum until no tools are offered any more
		problem: "How many people live in Port Maddery, Vell and Brae together?",
		find: map[string]string{
			"town":  `Port Maddery is the capital.*?population of ([\d,]+)`,
			"north": `Vell is a village.*?population of ([\d,]+)`,
			"west":  `Brae is a fishing village.*?population of ([\d,]+)`,
			"total": `(?m)^(\d+)$`,
		},
		steps: []step{
			{say: "I will look up all three.", calls: []call{search("Port Maddery population"), search("Vell village population"), search("Brae village population")}},
			{say: "Now the sum.", calls: []call{calculate("{town} + {north} + {west}")}},
		},
		again:   &step{say: "I would rather check that.", calls: []call{calculate("{town} + {north} + {west}")}},
		without: "I have checked enough. " + final("{total}"),
	},
	{
		problem: "What percentage of the people on board the Calliope was rescued, rounded to a whole number?",
		find: map[string]string{
			"aboard":  `Of the (\d+) people on board`,
			"rescued": `people on board, (\d+) were rescued`,
		},
		steps: []step{
			{say: "I will look up the wreck.", calls: []call{search("Calliope wreck people rescued")}},
			{say: "{rescued} of {aboard} people were rescued.", calls: []call{calculate("round(100 * {rescued} / {aboard})")}},
			{say: "That is {result} percent. " + final("{result}")},
		},
		without: guess + final("unknown"),
	},
	{
		problem: "Who discovered a comet at the Harrow observatory? Give first and last name.",
		find:    map[string]string{"name": `(\p{Lu}\w+ \p{Lu}\w+) discovered a comet`},
		steps: []step{
			{say: "I will look up the observatory.", calls: []call{search("Harrow observatory comet discovered")}},
			{say: "{name} found it. " + final("{name}")},
		},
		without: guess + final("unknown"),
	},
	{
		problem: "What is the square root of 46225?",
		steps: []step{
			{say: "I will calculate this.", calls: []call{calculate("sqrt(46225)")}},
			{say: "It is a whole number. " + final("{result}")},
		},
		without: guess + final("a little more than 200"),
	},
}
