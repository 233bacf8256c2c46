// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Snapshots;
using Hammer2.Snapshots.Usage;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Commands;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Snapshots;
using Linux.Text;

namespace Hammer2.Tool.Html;

/// <summary>The page about a filesystem or a mount.</summary>
/// <param name="invocation">How the command was called.</param>
/// <param name="target">A directory in a mount, or devices, as the user wrote it.</param>
/// <param name="isQuick">True to leave out what reads all blocks of references.</param>
internal sealed class FilesystemPage(Invocation invocation, string target, bool isQuick)
{
    private const int CellsMax = 1024;

    private readonly bool _isMount = MediaOptions.IsMount(target);

    /// <summary>Writes it.</summary>
    /// <param name="volumes">The filesystem; of a mount, that of its first node.</param>
    /// <param name="to">Receives it.</param>
    public void Write(VolumeSet volumes, Stream to)
    {
        DateTimeOffset now = invocation.Terminal.Time.GetUtcNow();
        string shown = ByteText.ToPrintable(target);
        string what = _isMount
            ? "the mount as it is, and the filesystem of its first node as of the last commit"
            : "the filesystem as of its last commit";
        using var page = new HtmlReport(to, "HAMMER2: " + shown, string.Create(CultureInfo.InvariantCulture,
            $"Made at {now:yyyy-MM-dd HH:mm:ss} UTC by {Dispatcher.Version}: {what}."), invocation.Unit);
        PfsCatalog catalog = PfsCatalog.Read(volumes);
        FreemapSurvey survey = FreemapSurvey.Take(volumes, CellsMax);
        Section(page, "health", "Health", readsAll: false, () =>
        {
            _ = _isMount ? StatusCommand.WriteMount(page, target)
                : StatusCommand.WriteDevices(page, volumes, catalog, survey);
        });
        Section(page, "space", "Space", readsAll: false, () =>
        {
            FreemapCommand.Write(page, volumes, survey);
            page.Figure("The address space: a square for each range, coloured by the kind of its blocks",
                text => FreemapPicture.WriteSvg(survey, shown, text));
        });
        if (!isQuick)
        {
            Section(page, "trees", "Trees, compression and deduplication", readsAll: true,
                () => TreeSection.Write(page, volumes, TreeSurvey.Take(volumes)));
        }
        Section(page, "snapshots", "PFSs and snapshots", readsAll: !isQuick,
            () => SnapshotSection.Write(page, catalog, isQuick ? null : Usage(), invocation.Unit));
        WriteHistory(page, volumes);
        Section(page, "settings", "Settings and headers", readsAll: false,
            () => InfoCommand.WriteFilesystem(page, volumes));
    }

    private void WriteHistory(HtmlReport page, VolumeSet volumes)
    {
        if (_isMount)
        {
            Section(page, "requests", "Requests since it was mounted", readsAll: false,
                () => HistorySection.WriteRequests(page, MountSample.Read(target)));
            Section(page, "events", "Events", readsAll: false, () =>
            {
                using LineFile events = LineFile.Open(target, "events", "there are no events");
                HistorySection.WriteEvents(page, events);
            });
        }
        Section(page, "upkeep", "Errors and scrubs that the volumes keep", readsAll: false,
            () => HistorySection.WriteUpkeep(page, volumes));
    }

    private FilesystemUsage Usage()
    {
        using SnapshotFilesystem filesystem = TreeArgument.Parse(target).Open(invocation);
        return FilesystemUsage.Read(filesystem);
    }

    private void Section(HtmlReport page, string key, string title, bool readsAll, Action write)
    {
        TimeProvider time = invocation.Terminal.Time;
        long start = time.GetTimestamp();
        page.BeginSection(key, title);
        write();
        if (readsAll)
        {
            page.Note(string.Create(CultureInfo.InvariantCulture,
                $"All indirect blocks were read for this, in {time.GetElapsedTime(start).TotalSeconds:F1} s."));
        }
        page.EndSection();
    }
}
