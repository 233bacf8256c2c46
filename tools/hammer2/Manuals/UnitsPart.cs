// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Manuals;

/// <summary>The section of hammer2(8) about the units of systemd that packages install.</summary>
internal static class UnitsPart
{
    /// <summary>Writes it.</summary>
    public static void Write(RoffWriter to)
    {
        to.Heading("UNITS OF SYSTEMD");
        to.Text("Packages install timers, and enable none. NAME in their names is the path of the mount point as "
            + "systemd-escape -p prints it: home for /home. What is not mounted when a timer elapses is left out.");
        to.Item("hammer2-scrub@NAME.timer", "scrub start, each month; HAMMER2_SCRUB_OPTIONS has its options");
        to.Item("hammer2-snapshot-schedule@NAME.timer", "snapshot-schedule, each hour; HAMMER2_SNAPSHOTS says what is kept: "
            + "hourly=24 daily=7 weekly=4 monthly=12 unless it is set");
        to.Item("hammer2-bulkfree@NAME.timer", "bulkfree, each week; a mount does it by itself as well when space is low");
        to.Paragraph("The variables are set in a drop-in, which systemctl edit makes. The mount options scrub-within=, "
            + "snapshot-within= and bulkfree-within= have status tell when such work was not done in time.");
        to.Example("snapshots of /home each hour, of which two days are kept",
            "systemctl edit hammer2-snapshot-schedule@home.service\n"
            + "    [Service]\n"
            + "    Environment=\"HAMMER2_SNAPSHOTS=hourly=48\"\n"
            + "systemctl enable --now hammer2-snapshot-schedule@home.timer");
    }
}
