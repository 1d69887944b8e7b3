package org.gossamer.sample;

import android.app.Activity;
import android.os.Bundle;
import android.view.ViewGroup;
import android.widget.Button;
import android.widget.LinearLayout;
import android.widget.TextView;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.gossamer.lite.models.@CLASS@;

/** Runs @NAME@: on a digit that is drawn if it takes one, else on random numbers. */
public final class MainActivity extends Activity {
    private static final int DIGITS = 10;
    private static final int BARS = 24;

    private final Random random = new Random();
    private @CLASS@ network;
    private TextView result;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        network = @CLASS@.open(this);
        result = new TextView(this);
        LinearLayout screen = new LinearLayout(this);
        screen.setOrientation(LinearLayout.VERTICAL);
        if (takesDigits()) {
            addDrawing(screen);
        } else {
            addButton(screen, "Run on random numbers", this::runOnRandom);
        }
        screen.addView(result);
        setContentView(screen);
        result.setText(
                Arrays.toString(network.inputShape()) + " to "
                        + Arrays.toString(network.outputShape()) + ", "
                        + @CLASS@.ENGINE);
    }

    @Override
    protected void onDestroy() {
        network.close();
        super.onDestroy();
    }

    private boolean takesDigits() {
        int pixels = DigitImage.SIZE * DigitImage.SIZE;
        return count(network.inputShape()) == pixels
                && count(network.outputShape()) == DIGITS;
    }

    private static int count(int[] shape) {
        int total = 1;
        for (int size : shape) {
            total *= size;
        }
        return total;
    }

    private void addDrawing(LinearLayout screen) {
        DigitView drawing = new DigitView(this, this::classify);
        drawing.setContentDescription("A square to draw a digit in");
        int width = getResources().getDisplayMetrics().widthPixels;
        screen.addView(drawing, new ViewGroup.LayoutParams(width, width));
        addButton(screen, "Clear", drawing::clear);
    }

    private void addButton(LinearLayout screen, String text, Runnable action) {
        Button button = new Button(this);
        button.setText(text);
        button.setOnClickListener(view -> action.run());
        screen.addView(button);
    }

    private void classify(float[] pixels) {
        float[] scores = DigitImage.probabilities(network.run(pixels));
        StringBuilder text = new StringBuilder();
        for (int digit = 0; digit < DIGITS; digit++) {
            float percent = 100 * scores[digit];
            text.append(String.format(Locale.ROOT, "%d %5.1f %% ", digit, percent));
            for (int i = 0; i < Math.round(BARS * scores[digit]); i++) {
                text.append('\u2588');
            }
            text.append('\n');
        }
        result.setText(text.append(time()));
    }

    private void runOnRandom() {
        float[] values = new float[count(network.inputShape())];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        float[] scores = network.run(values);
        int best = 0;
        for (int i = 0; i < scores.length; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        result.setText("largest: " + scores[best] + " at " + best + "\n" + time());
    }

    private String time() {
        return network.nanoseconds() / 1000 + " microseconds, " + @CLASS@.ENGINE;
    }
}
