"""Who the demo company is: people, rooms and posts. What they chat about is in demo_talk.txt."""

from __future__ import annotations

COMPANY = "Kuusipuu Saunas"

# name, title, role
PEOPLE: tuple[tuple[str, str, str], ...] = (
    ("Aino Virtanen", "Managing director", "admin"),
    ("Mikko Korhonen", "Production manager", "admin"),
    ("Emma Nieminen", "Head of sales", "member"),
    ("Oskar Lindqvist", "Export, Sweden and Norway", "member"),
    ("Saara Mäkelä", "Designer", "member"),
    ("Daniel Brooks", "Marketing", "member"),
    ("Veera Heikkinen", "Customer care", "member"),
    ("Juhani Laine", "Foreman", "member"),
    ("Tuomas Koskinen", "Carpenter", "member"),
    ("Priya Raman", "Software and web shop", "member"),
    ("Lauri Järvinen", "Logistics", "member"),
    ("Elina Lehtonen", "Finance", "member"),
    ("Antti Salo", "Purchasing", "member"),
    ("Hanna Tuominen", "People and wages", "member"),
    ("Ville Rantanen", "Heating engineer", "member"),
    ("Sofia Karlsson", "Structural engineer", "member"),
    ("Matti Heinonen", "Quality", "member"),
    ("Noora Ahonen", "Sales, Finland", "member"),
    ("Pekka Manninen", "Installation, north", "member"),
    ("Kaisa Hämäläinen", "Installation, south", "member"),
    ("Omar Haddad", "Carpenter", "member"),
    ("Iida Peltonen", "Trainee, design", "member"),
    ("Jonas Becker", "Nordholz GmbH, Hamburg", "guest"),
    ("Ingrid Solberg", "Auditor", "guest"),
)

# name, members by place in PEOPLE (empty: everybody but the guests), share of the talk, topics
ROOMS: tuple[tuple[str, tuple[int, ...], int, tuple[str, ...]], ...] = (
    ("Everyone", (), 10, ("house", "lunch")),
    ("Sales", (2, 0, 3, 17, 5, 11, 6), 16, ("sales", "house")),
    ("Production", (1, 7, 8, 20, 12, 16, 14, 15), 18, ("production",)),
    ("Design studio", (4, 21, 15, 14, 5, 1), 12, ("design",)),
    ("Customer care", (6, 17, 18, 19, 14, 2), 14, ("care",)),
    ("Deliveries", (10, 18, 19, 12, 7, 2), 12, ("deliveries",)),
    ("Web shop", (9, 5, 2, 6, 4), 10, ("web",)),
    ("Export Germany", (2, 22, 10, 3, 14), 8, ("export",)),
    ("Sauna S7 prototype", (4, 1, 14, 15, 16, 0), 9, ("design", "production")),
    ("Books and audit", (11, 0, 23, 13), 4, ("books",)),
    ("Lounas 🍲", (0, 2, 4, 5, 6, 9, 11, 13, 16, 21), 7, ("lunch",)),
)

# Pairs that write to each other directly.
PAIRS: tuple[tuple[int, int], ...] = (
    (0, 1), (0, 2), (0, 11), (0, 4), (0, 13), (1, 7), (2, 17), (4, 21), (5, 9), (6, 18), (10, 19),
)  # fmt: skip

# author, text, comments
POSTS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (0, "## A record month\n\n**{n} saunas** left the yard in {month}. Thank you all, and a "
        "special thank you to everyone who carried benches when the lift was out of order.",
        ("Hyvä me!", "And nobody dropped one.", "Nearly nobody 🙂", "Proud of this team.")),
    (4, "The **S7 prototype** is heated for the first time today at three. Bring a towel!",
        ("I will be there.", "What is the löyly like?", "Soft. Very soft.", "I want one.")),
    (9, "The web shop has a new configurator. Try to break it, and tell me how:\n\n"
        "1. choose a model\n2. change everything\n3. go back and forth",
        ("Broke it in step 3 😇", "Mended in step 4.", "Works on my old phone!")),
    (13, "Summer holidays: please put your wishes into the calendar **by {day}**. "
         "The factory is closed in weeks 28 and 29.",
         ("Done.", "Is week 30 still free for installers?", "Yes, for one of you.")),
    (5, "We are in *Avotakka* this month, page 48: four pages, and they got all names right.",
        ("Beautiful pictures!", "My mother bought five copies.", "Only five?")),
    (16, "Quality report of {month}: {half} claims on {n} deliveries. The most common one is still "
         "the door adjustment, so there is now a page about it:\n\n> Loosen, lift, tighten. "
         "In this order.",
         ("The page helps, I send it to customers.", "Could we have it in German?", "Tomorrow.")),
    (2, "The fair in {city} brought {n} serious leads. The best question: *does it come with the "
        "lake?*", ("What did you answer?", "Only with the S9.", "😂")),
    (1, "New extraction in hall 2 is running. Please tell me if it is still dusty at your place.",
        ("A world of difference.", "One can hear the radio again.", "Sorry about the radio.")),
    (10, "From {day} on deliveries to Lapland go twice a week. Order cut-off is Tuesday noon.",
         ("Great, customers there waited long enough.", "Kiitos Lauri!")),
    (21, "Hello everybody! I am Iida and started in the design studio this week. I like old boats, "
         "new tools and very hot saunas.",
         ("Tervetuloa!", "Welcome Iida!", "Old boats? Come and see mine.", "Tervetuloa taloon!")),
    (6, "Customer quote of the week: *\"It arrived on time, it smells like my childhood, and my "
        "neighbour is now my best friend.\"*", ("On the wall with it!", "❤️")),
    (11, "Invoices can be approved on the phone now. If yours does not show the button, log in "
         "again.", ("Works.", "Now I can approve in the sauna.", "Please do not.")),
    (14, "Measured the new stove for two weeks: **{pct} % less wood** for the same heat. "
         "Numbers are in the folder.", ("Can we print that?", "After the third week.")),
    (0, "We hire: a carpenter for hall 1, and somebody for sales in Norway. "
        "Who knows someone good?", ("My cousin in Bergen!", "Send him our page.", "Sent.")),
    (3, "First sauna in Lofoten is up. The view is so good that nobody looked at our work.",
        ("More pictures please!", "How was the road?", "Long. Worth it.")),
)  # fmt: skip

PRIVATE_POST = (
    0,
    "For the meeting on {day}: please read the plan for next year beforehand and write your doubts "
    "below. I would rather have them now than later.",
    ("The plan for hall 3 is brave.", "Brave as in good?", "Brave as in let us talk.", "Agreed."),
)

SLOTS: dict[str, tuple[str, ...]] = {
    "customer": (
        "Hotel Kultahovi", "Lomakylä Saimaa", "Familie Petersen", "Rakennus Oy Aalto", "Villa Ek",
        "Järvisydän", "Fjord Cabins", "Haus am See", "the Laakso family", "Camping Nallikari",
        "Strandhotell Öland", "the Räsänens",
    ),
    "city": (
        "Oulu", "Tampere", "Rovaniemi", "Turku", "Stockholm", "Hamburg", "Bergen", "Kuopio",
        "Luleå", "Lübeck", "Vaasa", "Trondheim",
    ),
    "model": ("S3", "S5", "S5 Wide", "S7", "S9", "Barrel 200", "Lakeside", "Lakeside Plus"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "month": ("September", "October", "January", "March", "May", "June"),
    "person": ("Mr Aalto", "Frau Petersen", "Liisa", "Mr Ek", "Kerttu", "Herr Vogt"),
}  # fmt: skip
