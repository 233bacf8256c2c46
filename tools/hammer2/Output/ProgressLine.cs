// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Output;

/// <summary>
/// A progress line on standard error that is overwritten periodically: nothing is written when standard error is not a
/// terminal, and at most ten times a second when it is.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private const int WidthMax = 110;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Terminal _terminal;
    private long _shownAt;
    private bool _isShown;

    /// <summary>Draws on the terminal's error stream.</summary>
    public ProgressLine(Terminal terminal) => _terminal = terminal;

    /// <summary>True when <see cref="Show"/> draws the line.</summary>
    public bool IsVisible => _terminal.ErrorIsTerminal;

    /// <summary>Replaces the line, at most ten times a second.</summary>
    public void Show(string text)
    {
        if (!IsVisible) return;
        long now = _terminal.Time.GetTimestamp();
        if (_isShown && _terminal.Time.GetElapsedTime(_shownAt, now) < Interval) return;
        (_shownAt, _isShown) = (now, true);
        _terminal.Error.Write("\r\x1b[K" + (text.Length > WidthMax ? text[..WidthMax] : text));
    }

    /// <summary>A bar of a given share, 0 to 1.</summary>
    public static string Bar(double share)
    {
        const int Width = 30;
        int full = (int)(Width * Math.Clamp(share, 0, 1));
        return "[" + new string('#', full) + new string('.', Width - full) + "]";
    }

    /// <summary>Removes the line, so that other output starts on an empty one.</summary>
    public void Clear()
    {
        if (!_isShown) return;
        _terminal.Error.Write("\r\x1b[K");
        _isShown = false;
    }

    /// <summary>Removes the line.</summary>
    public void Dispose() => Clear();
}
