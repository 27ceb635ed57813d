//! The year as an official's report tells it: counts and times out of the log, of the whole and by the month, never of a
//! person; a figure of fewer than three cases is left out (DOMAIN §9).

mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};

use chrono::{Datelike as _, TimeDelta};
use domain::{
    Case, calendar,
    duties::{
        Subject,
        briefing::{Briefing, State as BriefingState, TaskState},
        reporting::{Report, State as ReportState},
    },
    labels,
    stages::{confirmation::Written, escalation::ItemState},
};
use events::{Kind, Lifecycle, Timestamp, escalation::Purpose};

use super::{invariants::Found, plan::Span, play::Play, province, world::World};
use tables::{Table, cells, share};

/// Tells a span.
pub fn of(span: Span, world: &World, found: &Found, play: &Play, wall: Duration) -> String {
    let ends = calendar::local(span.until, chrono::NaiveTime::from_hms_opt(23, 59, 59).expect("a time"));
    let (from, until) = (span.from.format("%d/%m/%Y"), span.until.format("%d/%m/%Y"));
    let mut text = format!(
        "TỔNG HỢP CÔNG TÁC PHỐI HỢP THÔNG TIN {from} – {until}\nSummary of the coordination, {} agencies\n",
        province::AGENCIES
    );
    cases(&mut text, world);
    calls(&mut text, world, ends);
    times(&mut text, world);
    disputes(&mut text, world, ends);
    reports(&mut text, world);
    briefings(&mut text, world);
    projects(&mut text, world);
    mails(&mut text, world);
    reorganisation(&mut text, world);
    held(&mut text, world, found, play, wall);
    text
}

fn month(at: Timestamp) -> u32 {
    calendar::local_date(at).month()
}

fn head(text: &mut String, number: u32, vi: &str, en: &str) {
    writeln!(text, "\n{number}. {vi} / {en}").expect("a text");
}

/// How a case may stand.
const OUTCOMES: [(&str, &str); 5] = [
    ("Kết thúc", "closed"),
    ("Rút", "withdrawn"),
    ("Hủy", "cancelled"),
    ("Gộp", "merged"),
    ("Đang xử lý", "under way"),
];

/// How a case stands, by its place among [`OUTCOMES`].
fn outcome(case: &Case) -> usize {
    match case.lifecycle {
        Lifecycle::Closed => 0,
        Lifecycle::Withdrawn => 1,
        Lifecycle::Cancelled => 2,
        Lifecycle::Merged => 3,
        _ => 4,
    }
}

fn cases(text: &mut String, world: &World) {
    head(text, 1, "Vụ việc theo tháng tiếp nhận", "Cases by the month in which they were raised");
    let mut months: BTreeMap<u32, [usize; 2]> = BTreeMap::new();
    let mut outcomes = [0; OUTCOMES.len()];
    for case in world.cases.values() {
        let row = months.entry(month(case.raised_at)).or_default();
        row[0] += 1;
        row[1] += usize::from(by_telephone(case));
        outcomes[outcome(case)] += 1;
    }
    let mut table = Table::new("Tháng", &["Tiếp nhận", "Điện thoại"]);
    let columns = [0, 1].map(|column| months.values().map(|row| row[column]).collect::<Vec<_>>());
    let [raised, called] = columns.each_ref().map(|column| cells(column));
    for ((month, raised), called) in months.keys().zip(raised).zip(called) {
        table.row(&format!("{month:02}"), [raised, called]);
    }
    table.row("Cộng", columns.map(|column| column.iter().sum::<usize>().to_string()));
    text.push_str(&table.to_string());
    for ((vi, en), count) in OUTCOMES.iter().zip(cells(&outcomes)) {
        writeln!(text, "  {vi} / {en}: {count}").expect("a text");
    }
    text.push_str("  (–: số dưới 3 hoặc có thể suy ra số dưới 3. / Below 3, or a figure below 3 would follow from it.)\n");
}

fn by_telephone(case: &Case) -> bool {
    case.intakes.iter().any(|intake| intake.call.is_some())
}

/// M1 and M2.
fn calls(text: &mut String, world: &World, ends: Timestamp) {
    head(text, 2, "Báo tin qua điện thoại và văn bản xác nhận", "Calls, and the documents that confirm them");
    let by_telephone = world.cases.values().filter(|case| by_telephone(case));
    let (mut in_time, mut due, mut took) = (0, 0, Vec::new());
    for case in by_telephone {
        let confirmations = case.intakes.iter().zip(&case.confirmations);
        for (intake, confirmation) in confirmations.filter(|(intake, _)| intake.call.is_some()) {
            let came = case.history.iter().find(|each| each.kind == Kind::WrittenReceived);
            let until = case.deadlines.iter().find(|armed| {
                let deadline = &armed.deadline;
                deadline.key == events::DeadlineKey::Written && deadline.instance == intake.number
            });
            let until = until.map_or(ends, |armed| armed.deadline.due);
            if confirmation.written == Written::Lapsed || (came.is_none() && until > ends) {
                continue;
            }
            due += 1;
            in_time += usize::from(came.is_some_and(|came| came.at <= until));
            took.extend(came.zip(intake.call.as_ref()).map(|(came, call)| came.at - call.ended_at));
        }
    }
    writeln!(text, "  Văn bản đúng hạn / documents on time: {}", share(in_time, due)).expect("a text");
    spread(text, "Thời gian đến khi có văn bản / time to the document", took);
}

/// M5 and M15.
fn times(text: &mut String, world: &World) {
    head(text, 3, "Xác nhận tiếp nhận và thời gian xử lý", "Acknowledgement and duration");
    spread(
        text,
        "Xác nhận tiếp nhận của đầu mối / acknowledgement",
        world.acknowledged.values().copied().collect(),
    );
    let closed = world.cases.values().filter_map(|case| Some(case.closed_at? - case.raised_at));
    spread(text, "Từ tiếp nhận đến kết thúc / from raised to closed", closed.collect());
    let fell = |case: &&Case| case.history.iter().any(|each| each.kind == Kind::FallbackAssigned);
    let fell = world.cases.values().filter(fell).count();
    writeln!(
        text,
        "  Chuyển cấp tiếp theo do chưa xác nhận / passed to the next level: {}",
        share(fell, world.cases.len())
    )
    .expect("a text");
}

/// The median and the ninth tenth.
fn spread(text: &mut String, what: &str, mut took: Vec<TimeDelta>) {
    took.sort_unstable();
    let at = |tenths: usize| took.get(took.len().saturating_sub(1) * tenths / 10).copied();
    match (took.len(), at(5), at(9)) {
        (3.., Some(median), Some(most)) => {
            writeln!(text, "  {what}: trung vị {}, p90 {}", words(median), words(most))
        }
        _ => writeln!(text, "  {what}: –"),
    }
    .expect("a text");
}

fn words(took: TimeDelta) -> String {
    match (took.num_days(), took.num_hours(), took.num_minutes()) {
        (0, 0, minutes) => format!("{minutes} phút"),
        (0, hours, minutes) => format!("{hours} giờ {:02} phút", minutes % 60),
        (days, hours, _) => format!("{days} ngày {:02} giờ", hours % 24),
    }
}

/// M10 and M12.
fn disputes(text: &mut String, world: &World, ends: Timestamp) {
    head(text, 4, "Chưa thống nhất và ý kiến chỉ đạo", "Disagreements and directives");
    let up = world.cases.values().filter(|case| {
        let submitted = case.escalation.dossiers.iter().filter_map(|dossier| dossier.submitted.as_ref());
        submitted.into_iter().any(|each| each.purpose == Purpose::Disagreement)
    });
    let coordinated = world.cases.values().filter(|case| !case.rounds.is_empty()).count();
    let (disputed, up) = (world.disputed.len(), up.count());
    writeln!(text, "  Chưa thống nhất / disputed: {}", share(disputed, coordinated)).expect("a text");
    writeln!(text, "  Báo cáo Thường trực / escalated: {}", share(up, coordinated)).expect("a text");
    let items = || world.cases.values().flat_map(|case| &case.escalation.instructions);
    let due = items().filter(|item| item.state == ItemState::Accepted || item.instruction.due <= ends);
    let in_time = items().filter(|item| item.state == ItemState::Accepted && !item.reported_late);
    writeln!(
        text,
        "  Nội dung chỉ đạo thực hiện đúng hạn / instructions on time: {}",
        share(in_time.count(), due.count())
    )
    .expect("a text");
}

/// M14.
fn reports(text: &mut String, world: &World) {
    head(text, 5, "Báo cáo định kỳ", "Regular reports");
    let columns = ["Phải gửi", "Đúng hạn", "Không phát sinh", "Muộn", "Chưa gửi", "Miễn"];
    let mut table = Table::new("Kỳ", &columns);
    let mut months: BTreeMap<u32, [usize; 6]> = BTreeMap::new();
    for duty in world.duties.values() {
        if let Subject::Report(report) = &duty.subject {
            let row = months.entry(report.period.month).or_default();
            for (column, counts) in counted(report).into_iter().enumerate() {
                row[column] += usize::from(counts);
            }
        }
    }
    for (month, row) in &months {
        table.row(&format!("{month:02}"), row.iter().map(ToString::to_string));
    }
    table.row("Cộng", (0..6).map(|column| months.values().map(|row| row[column]).sum::<usize>().to_string()));
    text.push_str(&table.to_string());
}

/// In which columns a report counts.
fn counted(report: &Report) -> [bool; 6] {
    let waived = report.state == ReportState::Waived;
    let came = !waived && report.state != ReportState::Open;
    let nil = came && report.submitted.is_empty();
    [true, came && !report.late, nil, came && report.late, report.state == ReportState::Open, waived]
}

fn briefings(text: &mut String, world: &World) {
    head(text, 6, "Giao ban", "Briefings");
    let all: Vec<&Briefing> = world
        .duties
        .values()
        .filter_map(|duty| match &duty.subject {
            Subject::Briefing(briefing) => Some(briefing),
            _ => None,
        })
        .collect();
    let held =
        all.iter().filter(|each| matches!(each.state, BriefingState::Held | BriefingState::MinutesIssued));
    let tasks: Vec<_> = all.iter().flat_map(|briefing| &briefing.tasks).collect();
    let done: Vec<_> = tasks.iter().filter(|task| task.state == TaskState::Accepted).collect();
    let in_time = done.iter().filter(|task| !task.late).count();
    writeln!(
        text,
        "  Triệu tập / called: {}; đã họp / held: {}\n  Kết luận / conclusions: {}; hoàn thành / done: {}; đúng hạn / on \
         time: {}",
        all.len(),
        held.count(),
        tasks.len(),
        done.len(),
        share(in_time, done.len())
    )
    .expect("a text");
}

fn projects(text: &mut String, world: &World) {
    head(text, 7, "Dự án có kế hoạch phối hợp", "Planned projects");
    let mut states: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for duty in world.duties.values() {
        if let Subject::Project(project) = &duty.subject {
            let label = labels::project_state(project.state);
            *states.entry((label.vi, label.en)).or_default() += 1;
        }
    }
    for ((vi, en), count) in states {
        writeln!(text, "  {vi} / {en}: {count}").expect("a text");
    }
}

fn mails(text: &mut String, world: &World) {
    head(text, 8, "Thư thông báo", "Mails, by template");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for letter in world.letters.values() {
        *kinds.entry(&letter.template).or_default() += 1;
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    for line in kinds.chunks(8) {
        writeln!(text, "  {}", line.join("   ")).expect("a text");
    }
    writeln!(text, "  Cộng / all: {}", world.letters.len()).expect("a text");
}

fn reorganisation(text: &mut String, world: &World) {
    head(text, 9, "Sắp xếp tổ chức", "Reorganisation");
    for ((from, to), passed) in &world.passed {
        writeln!(
            text,
            "  {from} → {to}: {} vụ việc / cases, {} báo cáo / reports, {} giao ban / briefings, {} dự án / projects, {} \
             ủy quyền / delegations",
            passed.cases, passed.reports, passed.briefings, passed.projects, passed.delegations
        )
        .expect("a text");
    }
}

fn held(text: &mut String, world: &World, found: &Found, play: &Play, wall: Duration) {
    head(text, 10, "Nhật ký và kiểm tra", "The log, and what was checked");
    let kinds: BTreeSet<_> = world.kinds.keys().collect();
    writeln!(
        text,
        "  {} sự kiện thuộc {} loại / facts of {} kinds; {} việc do người làm / acts of persons; {} thời điểm / instants\n  \
         Các bất biến giữ nguyên ở {}/{} ngày. / The rules held at the end of {} of {} days.\n  Thời gian chạy / wall \
         time: {} min {:02} s",
        world.facts,
        kinds.len(),
        kinds.len(),
        play.done,
        play.steps,
        found.held,
        found.days,
        found.held,
        found.days,
        wall.as_secs() / 60,
        wall.as_secs() % 60
    )
    .expect("a text");
}
